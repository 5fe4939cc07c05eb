//! The domain behind an OpenSearch endpoint.

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
    question: "Does a domain with this endpoint exist?",
    description: "Looks up the endpoint among the domains in the region in its name (`es:ListDomainNames`, \
               `es:DescribeDomains`), in the account that is read. OpenSearch Serverless collections are not supported.",
    causes: &[Cause::DomainUnknown],
    needs: &[CREDENTIALS.id],
};

pub(super) const AVAILABLE: Check = Check {
    id: "aws-domain-available",
    place: Place::Aws,
    link: Link::Endpoint,
    question: "Is the domain available?",
    description: "Reads whether the domain has been created and is not being deleted. A domain whose configuration is \
               changing still serves requests.",
    causes: &[Cause::NotAvailable],
    needs: &[EXISTS.id],
};

pub(super) const ACCESS_CONTROL: Check = Check {
    id: "aws-fine-grained-access",
    place: Place::Aws,
    link: Link::Grant,
    question: "Is fine-grained access control enabled?",
    description: "Reads whether fine-grained access control is enabled and HTTPS is required, which AWS demands for it. \
               Without them, only the domain's access policy applies, and it does not distinguish users within an index.",
    causes: &[Cause::FineGrainedAccessOff],
    needs: &[EXISTS.id],
};

pub(super) fn exists<'a>(aws: &'a mut Aws, host: &'a str) -> Work<'a> {
    Box::pin(async move {
        let Some(domain) = aws.domain(host) else {
            return CheckOutcome::unsure("the domain is not part of the workload");
        };
        if domain.endpoint.kind() == OpenSearchEndpointKind::Collection {
            return CheckOutcome::unsure(
                "it is an OpenSearch Serverless collection, whose settings are not read",
            );
        }
        if let Some(seen) = session::in_other_account(aws, domain.role.as_ref(), "es:ESHttpGet") {
            return seen;
        }
        match aws.reader.domain(&domain.endpoint).await {
            Ok(found) => {
                let seen = CheckOutcome::holds(format!("`{}`", found.arn));
                aws.facts.domains.insert(host.to_owned(), found);
                seen
            }
            Err(error) if error.kind == ReadErrorKind::Absent => {
                CheckOutcome::broken(Cause::DomainUnknown, error.text).remedy(format!(
                    "use the endpoint of one of the domains that `aws opensearch list-domain-names --region {}` prints, or \
                     check with credentials of the account that owns this domain",
                    domain.endpoint.region()
                ))
            }
            Err(error) => unread(aws, &error),
        }
    })
}

pub(super) fn available<'a>(aws: &'a mut Aws, host: &'a str) -> Work<'a> {
    from_settings(aws, host, is_available)
}

fn is_available(found: &DomainSettings) -> CheckOutcome {
    let name = quoted(&found.name);
    if !found.exists {
        let seen = format!("{name} is being created or deleted");
        return CheckOutcome::broken(Cause::NotAvailable, seen).remedy(format!(
            "wait until it is available: `aws opensearch describe-domain --domain-name {} --query \
             'DomainStatus.[Created,Deleted]'` prints [true, false] then",
            found.name
        ));
    }
    if found.processing {
        return CheckOutcome::holds(format!(
            "{name} is available; a configuration change is in progress"
        ));
    }
    CheckOutcome::holds(format!("{name} is available"))
}

pub(super) fn access_control<'a>(aws: &'a mut Aws, host: &'a str) -> Work<'a> {
    from_settings(aws, host, has_fine_grained_access)
}

fn has_fine_grained_access(found: &DomainSettings) -> CheckOutcome {
    let name = quoted(&found.name);
    let (seen, options) = match (found.fine_grained_access, found.https_enforced) {
        (true, true) => {
            return CheckOutcome::holds(format!(
                "fine-grained access control is enabled on {name}, and HTTPS is required"
            ));
        }
        (true, false) => (
            format!("{name} accepts requests without TLS"),
            "--domain-endpoint-options EnforceHTTPS=true`",
        ),
        (false, _) => (
            format!("fine-grained access control is off for {name}"),
            "--advanced-security-options Enabled=true,…`, which requires encryption at rest, node-to-node encryption and \
             HTTPS",
        ),
    };
    CheckOutcome::warning(Cause::FineGrainedAccessOff, seen).remedy(format!(
        "run `aws opensearch update-domain-config --domain-name {} {options}",
        found.name
    ))
}

fn from_settings<'a>(
    aws: &'a Aws,
    host: &str,
    check: fn(&DomainSettings) -> CheckOutcome,
) -> Work<'a> {
    let found = aws.facts.domains.get(host);
    let seen = found.map_or_else(|| CheckOutcome::unsure("the domain was not read"), check);
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
            engine_version: None,
        }
    }

    #[test]
    fn a_domain_that_is_being_deleted_is_not_available() {
        let deleted = DomainSettings {
            exists: false,
            ..logs()
        };
        assert_eq!(is_available(&deleted).verdict, Verdict::Broken);
        let changing = DomainSettings {
            processing: true,
            ..logs()
        };
        assert_eq!(is_available(&changing).verdict, Verdict::Holds);
    }

    #[test]
    fn a_domain_that_accepts_http_is_a_warning() {
        let open = DomainSettings {
            https_enforced: false,
            ..logs()
        };
        let seen = has_fine_grained_access(&open);
        assert_eq!(seen.verdict, Verdict::Warning);
        let remedy = seen.remedy.unwrap().to_string();
        assert!(remedy.contains("EnforceHTTPS=true"));
    }
}
