//! OIDC providers, databases and domains.

use irsa_chain::{IssuerUrl, OidcProviderArn};

use super::Plan;
use super::reference::{is_configured, referred};
use super::region::region;
use super::resource::{Attribute, Resource, later};
use crate::inventory::{Database, Domain, PolicySource, Provider};

const DOMAINS: [&str; 2] = ["aws_opensearch_domain", "aws_elasticsearch_domain"];

/// Database types, with their attributes for names and endpoints and for the resource ID.
const DATABASES: [(&str, [&str; 3], &str); 2] = [
    (
        "aws_rds_cluster",
        ["cluster_identifier", "endpoint", "reader_endpoint"],
        "cluster_resource_id",
    ),
    (
        "aws_db_instance",
        ["identifier", "address", "address"],
        "resource_id",
    ),
];

pub(super) fn providers(plan: &Plan<'_>) -> Vec<Provider> {
    let provider = |one: &Resource<'_>| {
        let arn = one
            .text("arn")
            .and_then(|arn| arn.parse::<OidcProviderArn>().ok());
        let home = plan.home.as_ref().map(|(_, account)| account.clone());
        Provider {
            label: one.address.to_owned(),
            account: arn.map(|arn| arn.account().clone()).or(home),
            issuer: one.text("url").and_then(issuer),
            client_ids: one
                .texts("client_id_list")
                .map(|ids| ids.into_iter().map(str::to_owned).collect()),
        }
    };
    plan.with_type("aws_iam_openid_connect_provider")
        .map(provider)
        .collect()
}

/// Parses the issuer. IAM returns its URL without the scheme.
fn issuer(url: &str) -> Option<IssuerUrl> {
    let bare = url.strip_prefix("https://").unwrap_or(url);
    format!("https://{bare}").parse().ok()
}

pub(super) fn databases(plan: &Plan<'_>) -> Vec<Database> {
    let of_kind = |(kind, names, id): (&'static str, [&'static str; 3], &'static str)| {
        plan.with_type(kind).map(move |one| Database {
            label: one.address.to_owned(),
            names: texts(one, &names),
            region: region(plan, one),
            resource_id: one.text(id).and_then(|id| id.parse().ok()),
        })
    };
    DATABASES.into_iter().flat_map(of_kind).collect()
}

pub(super) fn domains(plan: &Plan<'_>) -> Vec<Domain> {
    let domains = DOMAINS.into_iter().flat_map(|kind| plan.with_type(kind));
    domains.map(|one| domain(plan, one)).collect()
}

fn domain(plan: &Plan<'_>, resource: &Resource<'_>) -> Domain {
    let names = ["domain_name", "endpoint", "endpoint_v2"];
    let by_parts = || {
        let (partition, account) = plan.home.as_ref()?;
        let (region, name) = (region(plan, resource)?, resource.text("domain_name")?);
        Some(format!(
            "arn:{partition}:es:{region}:{account}:domain/{name}"
        ))
    };
    Domain {
        label: resource.address.to_owned(),
        name: resource.text("domain_name").map(str::to_owned),
        names: texts(resource, &names),
        arn: resource.text("arn").map(str::to_owned).or_else(by_parts),
        access_policy: access_policy(plan, resource),
    }
}

/// The access policy from a separate policy resource, if there is one, otherwise from the domain resource.
fn access_policy(plan: &Plan<'_>, domain: &Resource<'_>) -> Vec<PolicySource> {
    let kind = format!("{}_policy", domain.kind);
    let mut policies = Vec::new();
    for one in plan.with_type(&kind) {
        let is_its = match one.attribute("domain_name") {
            Attribute::Known(name) => Some(name.as_str() == domain.text("domain_name")),
            _ => match referred(plan, one, "domain_name", domain.kind) {
                Ok(domains) if domains.len() == 1 => {
                    Some(domains.iter().any(|other| other.address == domain.address))
                }
                _ => None,
            },
        };
        match is_its {
            Some(true) => policies.extend(one.policy("access_policies")),
            Some(false) => {}
            None => policies.push(later(&format!("{}.domain_name", one.address))),
        }
    }
    let is_computed = domain.attribute("access_policies") == Attribute::Unknown
        && !is_configured(plan, domain, "access_policies");
    if policies.is_empty() && !is_computed {
        policies.extend(domain.policy("access_policies"));
    }
    policies
}

fn texts(resource: &Resource<'_>, names: &[&str]) -> Vec<String> {
    let texts = names.iter().filter_map(|name| resource.text(name));
    texts.map(str::to_owned).collect()
}
