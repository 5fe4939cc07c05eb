//! What a domain's endpoint leads to.

use irsa_aws::{DomainSettings, ReadErrorKind};
use irsa_chain::endpoint::OpenSearchEndpointKind;
use irsa_chain::{Cause, Link};

use super::reading::{CREDENTIALS, unread};
use super::session;
use super::state::Aws;
use super::text::quoted;
use crate::{Check, CheckOutcome, Place, Work};

pub(super) const EXISTS: Check = Check {
    id: "aws-domain",
    place: Place::Aws,
    link: Link::Endpoint,
    question: "Is there a domain with this endpoint?",
    description: "Looks the endpoint up among the domains of the region in its name (`es:ListDomainNames`, \
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
    description: "Reads whether the domain is made, and not being deleted. A change under way does not keep it from \
               answering.",
    causes: &[Cause::NotAvailable],
    needs: &[EXISTS.id],
};

pub(super) const ACCESS_CONTROL: Check = Check {
    id: "aws-fine-grained-access",
    place: Place::Aws,
    link: Link::Grant,
    question: "Is the domain's fine-grained access control on?",
    description: "Reads whether fine-grained access control is on and HTTPS is enforced, without which AWS does not let \
               it be. Without both the domain's policy alone decides, for all indices alike.",
    causes: &[Cause::FineGrainedAccessOff],
    needs: &[EXISTS.id],
};

pub(super) fn exists<'a>(aws: &'a mut Aws, host: &'a str) -> Work<'a> {
    Box::pin(async move {
        let Some(domain) = aws.domain(host) else {
            return CheckOutcome::unsure("no such domain was asked about");
        };
        if domain.endpoint.kind() == OpenSearchEndpointKind::Collection {
            return CheckOutcome::unsure(
                "collections of OpenSearch Serverless have settings of their own, which are not read",
            );
        }
        if let Some(seen) = session::is_elsewhere(aws, domain.role.as_ref(), "es:ESHttpGet") {
            return seen;
        }
        match aws.reader.domain(&domain.endpoint).await {
            Ok(found) => {
                let seen = CheckOutcome::holds(format!("it leads to `{}`", found.arn));
                aws.facts.domains.insert(host.to_owned(), found);
                seen
            }
            Err(error) if error.kind == ReadErrorKind::Absent => {
                CheckOutcome::broken(Cause::DomainUnknown, error.text).remedy(format!(
                    "name the endpoint of one of `aws opensearch list-domain-names --region {}`, or read the account \
                     that has the domain",
                    domain.endpoint.region()
                ))
            }
            Err(error) => unread(aws, &error),
        }
    })
}

pub(super) fn available<'a>(aws: &'a mut Aws, host: &'a str) -> Work<'a> {
    at_once(aws, host, is_there)
}

fn is_there(found: &DomainSettings) -> CheckOutcome {
    let name = quoted(&found.name);
    if !found.exists {
        let seen = format!("{name} is being made or deleted");
        return CheckOutcome::broken(Cause::NotAvailable, seen).remedy(format!(
            "look at `aws opensearch describe-domain --domain-name {} --query 'DomainStatus.[Created,Deleted]'`",
            found.name
        ));
    }
    if found.processing {
        return CheckOutcome::holds(format!(
            "{name} is there; a change of its settings is under way"
        ));
    }
    CheckOutcome::holds(format!("{name} is there"))
}

pub(super) fn access_control<'a>(aws: &'a mut Aws, host: &'a str) -> Work<'a> {
    at_once(aws, host, is_guarded)
}

fn is_guarded(found: &DomainSettings) -> CheckOutcome {
    let name = quoted(&found.name);
    let (seen, options) = match (found.fine_grained_access, found.https_enforced) {
        (true, true) => {
            return CheckOutcome::holds(format!(
                "fine-grained access control is on for {name}, and HTTPS enforced"
            ));
        }
        (true, false) => (
            format!("{name} takes requests without TLS"),
            "--domain-endpoint-options EnforceHTTPS=true`",
        ),
        (false, _) => (
            format!("fine-grained access control is off for {name}"),
            "--advanced-security-options Enabled=true,…`: it needs encryption at rest, node-to-node encryption and HTTPS",
        ),
    };
    CheckOutcome::warning(Cause::FineGrainedAccessOff, seen).remedy(format!(
        "run `aws opensearch update-domain-config --domain-name {} {options}",
        found.name
    ))
}

fn at_once<'a>(aws: &'a Aws, host: &str, look: fn(&DomainSettings) -> CheckOutcome) -> Work<'a> {
    let found = aws.facts.domains.get(host);
    let seen = found.map_or_else(|| CheckOutcome::unsure("the domain was not read"), look);
    Box::pin(std::future::ready(seen))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Verdict;

    fn logs() -> DomainSettings {
        DomainSettings {
            arn: "arn:aws:es:eu-central-1:111122223333:domain/logs"
                .parse()
                .unwrap(),
            name: "logs".to_owned(),
            access_policy: None,
            fine_grained_access: true,
            https_enforced: true,
            exists: true,
            processing: false,
        }
    }

    #[test]
    fn a_domain_that_is_being_deleted_is_not_there() {
        let deleted = DomainSettings {
            exists: false,
            ..logs()
        };
        assert_eq!(is_there(&deleted).verdict, Verdict::Broken);
        let changing = DomainSettings {
            processing: true,
            ..logs()
        };
        assert_eq!(is_there(&changing).verdict, Verdict::Holds);
    }

    #[test]
    fn a_domain_without_https_is_warned_of() {
        let open = DomainSettings {
            https_enforced: false,
            ..logs()
        };
        let seen = is_guarded(&open);
        assert_eq!(seen.verdict, Verdict::Warning);
        let remedy = seen.remedy.unwrap().to_string();
        assert!(remedy.contains("EnforceHTTPS=true"));
    }
}
