//! The environment of a workload: the variables that EKS's webhook injects, and the lab's addresses.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use irsa_chain::endpoint::OpenSearchEndpoint;

use crate::facts::{ClusterFacts, DomainFacts, LabFacts, WorkloadFacts};
use crate::world::{Workload, WorkloadIdentity};

/// Returns all variables of a workload's process.
pub(crate) fn environment(
    workload: &Workload,
    token_file: &str,
    facts: &LabFacts,
) -> BTreeMap<String, String> {
    let ca_file = facts.ca_file.display().to_string();
    let region = facts.region.to_string();
    let mut all = BTreeMap::from([
        ("AWS_REGION", region.clone()),
        ("AWS_DEFAULT_REGION", region),
        ("AWS_STS_REGIONAL_ENDPOINTS", "regional".to_owned()),
        ("AWS_ENDPOINT_URL_STS", facts.sts.url.clone()),
        (
            "AWS_ENDPOINT_URL_SECRETS_MANAGER",
            facts.secrets_manager.url.clone(),
        ),
        ("AWS_CA_BUNDLE", ca_file.clone()),
        // Node.js trusts this file in addition to its own CAs.
        ("NODE_EXTRA_CA_CERTS", ca_file.clone()),
        ("AWS_EC2_METADATA_SERVICE_ENDPOINT", facts.imds.url.clone()),
        ("IRSA_CA_FILE", ca_file),
    ]);
    match workload.identity {
        WorkloadIdentity::WebIdentity => {
            all.insert("AWS_ROLE_ARN", workload.role.to_string());
            all.insert("AWS_WEB_IDENTITY_TOKEN_FILE", token_file.to_owned());
        }
        WorkloadIdentity::PodIdentity => {
            all.insert(
                "AWS_CONTAINER_CREDENTIALS_FULL_URI",
                format!("{}/v1/credentials", facts.pod_identity_agent.url),
            );
            all.insert(
                "AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE",
                token_file.to_owned(),
            );
        }
    }
    let upstreams = [
        database_upstream(workload, &facts.clusters),
        domain_upstream(workload, &facts.domains),
    ];
    let upstreams: Vec<String> = upstreams.into_iter().flatten().collect();
    if !upstreams.is_empty() {
        all.insert("IRSA_UPSTREAMS", upstreams.join(" "));
    }
    all.into_iter()
        .map(|(name, value)| (name.to_owned(), value))
        .collect()
}

/// The variables of web identity, which every SDK prefers over Pod Identity.
const OF_WEB_IDENTITY: [&str; 2] = ["AWS_ROLE_ARN", "AWS_WEB_IDENTITY_TOKEN_FILE"];

/// Returns the variables as shell commands, one `export` on each line.
///
/// If the shell had the environment of a different workload, that identity must not remain: variables that would take
/// precedence over Pod Identity are unset first.
pub fn exports(workload: &WorkloadFacts) -> String {
    let environment = &workload.environment;
    let has_agent = environment.contains_key("AWS_CONTAINER_CREDENTIALS_FULL_URI");
    let unset = if has_agent {
        format!("unset {}\n", OF_WEB_IDENTITY.join(" "))
    } else {
        String::new()
    };
    environment.iter().fold(unset, |mut text, (name, value)| {
        // Writing to a `String` cannot fail.
        let _ = writeln!(text, "export {name}='{}'", value.replace('\'', r"'\''"));
        text
    })
}

/// Returns the upstream of the workload's database: signed for the endpoint, connected to the lab.
fn database_upstream(workload: &Workload, clusters: &[ClusterFacts]) -> Option<String> {
    let database = workload.database.as_ref()?;
    let cluster = clusters
        .iter()
        .find(|cluster| cluster.name == database.cluster)?;
    let listen = listen(database.listen.as_deref());
    Some(format!(
        "postgres://{}:{}?dial={}{listen}",
        cluster.endpoint, cluster.port, cluster.dial
    ))
}

/// Returns the upstream of the workload's domain, with the settings that cannot be derived from the endpoint's name.
fn domain_upstream(workload: &Workload, domains: &[DomainFacts]) -> Option<String> {
    let used = workload.domain.as_ref()?;
    let domain = domains.iter().find(|domain| domain.name == used.name)?;
    let DomainFacts {
        endpoint,
        dial,
        region,
        ..
    } = domain;
    let scope = match endpoint.parse::<OpenSearchEndpoint>() {
        Ok(_) => String::new(),
        Err(_) => format!("&region={region}&service=es"),
    };
    let listen = listen(used.listen.as_deref());
    Some(format!(
        "opensearch://{endpoint}?dial={dial}{scope}{listen}"
    ))
}

fn listen(address: Option<&str>) -> String {
    address
        .map(|address| format!("&listen={address}"))
        .unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::world::World;

    #[test]
    fn a_domains_upstream_has_what_its_name_lacks() {
        let world = World::camunda_8_3();
        let zeebe = world.workload("zeebe").unwrap();
        let mut facts = DomainFacts {
            name: "test-domain".to_owned(),
            endpoint: "test-domain.eu-central-1.es.amazonaws.com".to_owned(),
            dial: "127.0.0.1:1".to_owned(),
            fine_grained: true,
            region: "eu-central-1".parse().unwrap(),
        };
        assert_eq!(
            domain_upstream(zeebe, &[facts.clone()]).unwrap(),
            "opensearch://test-domain.eu-central-1.es.amazonaws.com?dial=127.0.0.1:1&listen=19201"
        );
        facts.endpoint = "search.example.com".to_owned();
        assert_eq!(
            domain_upstream(zeebe, &[facts]).unwrap(),
            "opensearch://search.example.com?dial=127.0.0.1:1&region=eu-central-1&service=es\
             &listen=19201"
        );
        assert_eq!(domain_upstream(zeebe, &[]), None);
    }

    #[test]
    fn exports_quote_for_the_shell_and_unset_other_identities() {
        let mut facts = WorkloadFacts {
            name: "a".to_owned(),
            namespace: "n".to_owned(),
            service_account: "s".to_owned(),
            role_arn: "arn:aws:iam::111122223333:role/r".parse().unwrap(),
            token_file: "/t".into(),
            audience: "sts.amazonaws.com".to_owned(),
            environment: BTreeMap::from([("A".to_owned(), "it's $HOME".to_owned())]),
            database: None,
            user: None,
            domain: None,
        };
        assert_eq!(exports(&facts), "export A='it'\\''s $HOME'\n");
        let agent = "AWS_CONTAINER_CREDENTIALS_FULL_URI".to_owned();
        facts.environment = BTreeMap::from([(agent, "http://a".to_owned())]);
        assert_eq!(
            exports(&facts),
            "unset AWS_ROLE_ARN AWS_WEB_IDENTITY_TOKEN_FILE\n\
             export AWS_CONTAINER_CREDENTIALS_FULL_URI='http://a'\n"
        );
    }
}
