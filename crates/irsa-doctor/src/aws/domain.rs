//! What a domain's endpoint leads to.

use irsa_aws::{DomainSettings, ReadErrorKind};
use irsa_chain::endpoint::OpenSearchEndpointKind;
use irsa_chain::{Cause, Link};

use super::reading::{CREDENTIALS, unread};
use super::state::Aws;
use super::text::quoted;
use crate::{Check, Place, Seen, Work};

pub(super) const EXISTS: Check = Check {
    id: "aws-domain",
    place: Place::Aws,
    link: Link::Endpoint,
    question: "Is there a domain with this endpoint?",
    looks_at: "Looks the endpoint up among the domains of the region in its name (`es:ListDomainNames`, \
               `es:DescribeDomains`), in the account that is read. Collections of OpenSearch Serverless are not looked \
               at.",
    causes: &[Cause::DomainUnknown],
    needs: &[CREDENTIALS.id],
};

pub(super) const AVAILABLE: Check = Check {
    id: "aws-domain-available",
    place: Place::Aws,
    link: Link::Endpoint,
    question: "Is the domain there to be used?",
    looks_at: "Reads whether the domain is made, and not being deleted. A change under way does not keep it from \
               answering.",
    causes: &[Cause::NotAvailable],
    needs: &[EXISTS.id],
};

pub(super) const ACCESS_CONTROL: Check = Check {
    id: "aws-fine-grained-access",
    place: Place::Aws,
    link: Link::Grant,
    question: "Is the domain's fine-grained access control on?",
    looks_at: "Reads whether fine-grained access control is on and HTTPS is enforced, without which AWS does not let \
               it be. Without both the domain's policy alone decides, for all indices alike.",
    causes: &[Cause::FineGrainedAccessOff],
    needs: &[EXISTS.id],
};

pub(super) fn exists<'a>(aws: &'a mut Aws, host: &'a str) -> Work<'a> {
    Box::pin(async move {
        let Some(domain) = aws.domain(host) else {
            return Seen::unsure("no such domain was asked about");
        };
        if domain.endpoint.kind() == OpenSearchEndpointKind::Collection {
            return Seen::unsure(
                "collections of OpenSearch Serverless have settings of their own, which are not read",
            );
        }
        match aws.reader.domain(&domain.endpoint).await {
            Ok(found) => {
                let seen = Seen::holds(format!("it leads to `{}`", found.arn));
                aws.facts.domains.insert(host.to_owned(), found);
                seen
            }
            Err(error) if error.kind == ReadErrorKind::Absent => {
                Seen::broken(Cause::DomainUnknown, error.text)
            }
            Err(error) => unread(aws, &error),
        }
    })
}

pub(super) fn available<'a>(aws: &'a mut Aws, host: &'a str) -> Work<'a> {
    at_once(aws, host, |found| {
        match found {
        DomainSettings { exists: false, .. } => Seen::broken(
            Cause::NotAvailable,
            format!("{} is being made or deleted", quoted(&found.name)),
        )
        .remedy(format!(
            "look at `aws opensearch describe-domain --domain-name {} --query 'DomainStatus.[Created,Deleted]'`",
            found.name
        )),
        DomainSettings { processing: true, .. } => {
            Seen::holds("the domain is there; a change of its settings is under way")
        }
        _ => Seen::holds("the domain is there"),
    }
    })
}

pub(super) fn access_control<'a>(aws: &'a mut Aws, host: &'a str) -> Work<'a> {
    at_once(aws, host, |found| {
        let name = &found.name;
        let warning = |seen: String, remedy: String| {
            Seen::warning(Cause::FineGrainedAccessOff, seen).remedy(remedy)
        };
        match (found.fine_grained_access, found.https_enforced) {
            (true, true) => Seen::holds(format!(
                "fine-grained access control is on for {}, and HTTPS enforced",
                quoted(name)
            )),
            (false, _) => warning(
                format!("fine-grained access control is off for {}", quoted(name)),
                format!(
                    "run `aws opensearch update-domain-config --domain-name {name} --advanced-security-options \
                     Enabled=true,…`: it needs encryption at rest, node-to-node encryption and HTTPS"
                ),
            ),
            (true, false) => warning(
                format!("{} takes requests without TLS", quoted(name)),
                format!(
                    "run `aws opensearch update-domain-config --domain-name {name} --domain-endpoint-options \
                     EnforceHTTPS=true`"
                ),
            ),
        }
    })
}

fn at_once<'a>(aws: &'a Aws, host: &str, look: fn(&DomainSettings) -> Seen) -> Work<'a> {
    let found = aws.facts.domains.get(host);
    let seen = found.map_or_else(|| Seen::unsure("the domain was not read"), look);
    Box::pin(std::future::ready(seen))
}
