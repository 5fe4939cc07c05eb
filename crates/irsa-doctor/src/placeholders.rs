//! Replaces the placeholders in the remedies of causes, which are in capitals, with the values of a workload.

use irsa_chain::endpoint::{OpenSearchEndpoint, RdsEndpoint, RdsEndpointKind};
use irsa_chain::{OidcProviderArn, Partition, RoleArn};

use crate::{Database, Workload};

/// A placeholder with its value.
struct Placeholder {
    name: &'static str,
    /// The preceding texts for which it has this value; empty for any.
    after: After,
    value: String,
}

/// Texts that precede a placeholder.
type After = &'static [&'static str];

/// The texts that precede the name of a service account.
const BEFORE_ACCOUNT: After = &[
    "serviceaccount ",
    "--service-account ",
    "serviceAccountName: ",
    "serviceaccount:NAMESPACE:",
];

/// Fills in the known values of the workload and of `subject`, the label of a data store.
pub(crate) fn fill(text: &str, workload: &Workload, subject: Option<&str>) -> String {
    let placeholders = known(workload, subject);
    let mut filled = String::with_capacity(text.len());
    let is_part = |c: char| c.is_ascii_alphanumeric() || c == '_';
    let mut rest = text;
    while let Some(start) = rest.find(is_part) {
        let (before, from) = rest.split_at(start);
        filled.push_str(before);
        let end = from.find(|c| !is_part(c)).unwrap_or(from.len());
        let (word, after) = from.split_at(end);
        let read = &text[..text.len() - from.len()];
        let mut all = placeholders.iter();
        match all.find(|placeholder| placeholder.matches(word, read)) {
            Some(placeholder) => filled.push_str(&placeholder.value),
            None => filled.push_str(word),
        }
        rest = after;
    }
    in_partition(filled + rest, workload)
}

/// Changes ARNs of the commercial partition to the role's partition.
fn in_partition(text: String, workload: &Workload) -> String {
    let partition = workload.role.as_ref().map(RoleArn::partition);
    let Some(partition) = partition.filter(|one| *one != Partition::Aws) else {
        return text;
    };
    let services = ["iam", "rds-db", "es"].into_iter();
    services.fold(text, |text, service| {
        text.replace(
            &format!("arn:aws:{service}:"),
            &format!("arn:{partition}:{service}:"),
        )
    })
}

fn known(workload: &Workload, subject: Option<&str>) -> Vec<Placeholder> {
    let mut known = Vec::new();
    let mut add = |name: &'static str, after: After, value: Option<String>| {
        known.extend(value.map(|value| Placeholder { name, after, value }));
    };
    if let Some(role) = &workload.role {
        add("ROLE_ARN", &[], Some(role.to_string()));
        add("ROLE", &["--role-name "], Some(role.name().to_owned()));
        add("ACCOUNT", &[], Some(role.account().to_string()));
    }
    if let Some(account) = &workload.service_account {
        add("NAMESPACE", &[], Some(account.namespace().to_owned()));
        add("NAME", BEFORE_ACCOUNT, Some(account.name().to_owned()));
    }
    if let Some(issuer) = &workload.issuer {
        add("ISSUER", &[], Some(issuer.to_string()));
        let bare = issuer.host_and_path().to_owned();
        add("ISSUER_WITHOUT_HTTPS", &[], Some(bare));
        let provider = workload
            .role
            .as_ref()
            .map(|role| OidcProviderArn::new(role.partition(), role.account(), issuer).to_string());
        add("PROVIDER_ARN", &[], provider);
    }
    let Some(subject) = subject else { return known };
    let mut databases = workload.databases.iter();
    if let Some(database) = databases.find(|one| subject.contains(one.host.as_str())) {
        known.extend(for_database(database));
    }
    let mut domains = workload.domains.iter();
    if let Some(domain) = domains.find(|one| subject.contains(one.endpoint.host())) {
        known.extend(for_domain(&domain.endpoint));
    }
    known
}

fn for_database(database: &Database) -> impl Iterator<Item = Placeholder> {
    let endpoint: Option<RdsEndpoint> = database.host.parse().ok();
    let region = endpoint.as_ref().and_then(|one| one.region());
    let named = |kinds: &[RdsEndpointKind]| {
        let found = endpoint.as_ref().filter(|one| kinds.contains(&one.kind()));
        found.map(|one| one.identifier().to_owned())
    };
    let cluster = named(&[RdsEndpointKind::Cluster, RdsEndpointKind::ClusterReader]);
    let instance = named(&[RdsEndpointKind::Instance]);
    let user = database.user.as_ref();
    let all: [(_, After, _); 7] = [
        ("ENDPOINT", &[], Some(database.host.clone())),
        ("PORT", &["ENDPOINT "], Some(database.port.to_string())),
        ("REGION", &[], region.map(ToString::to_string)),
        ("DB_USER", &[], user.map(|user| user.replace('"', "\"\""))),
        ("DB", &["\""], database.name.clone()),
        ("CLUSTER", &["--db-cluster-identifier "], cluster),
        ("INSTANCE", &["--db-instance-identifier "], instance),
    ];
    placeholders(all)
}

fn for_domain(endpoint: &OpenSearchEndpoint) -> impl Iterator<Item = Placeholder> {
    let name = endpoint.domain_name().map(str::to_owned);
    let all: [(_, After, _); 4] = [
        ("ENDPOINT", &[], Some(endpoint.host().to_owned())),
        ("PORT", &["ENDPOINT "], Some("443".to_owned())),
        ("REGION", &[], Some(endpoint.region().to_string())),
        ("DOMAIN", &[], name),
    ];
    placeholders(all)
}

fn placeholders<const N: usize>(
    all: [(&'static str, After, Option<String>); N],
) -> impl Iterator<Item = Placeholder> {
    let all = all.into_iter();
    all.filter_map(|(name, after, value)| {
        let value = value?;
        Some(Placeholder { name, after, value })
    })
}

impl Placeholder {
    fn matches(&self, word: &str, read: &str) -> bool {
        let mut after = self.after.iter();
        self.name == word && (self.after.is_empty() || after.any(|text| read.ends_with(text)))
    }
}

#[cfg(test)]
mod tests {
    use irsa_chain::Cause;

    use super::*;
    use crate::Domain;

    fn workload() -> Workload {
        Workload {
            service_account: Some("shop/api".parse().unwrap()),
            role: Some(
                "arn:aws-cn:iam::111122223333:role/team/app"
                    .parse()
                    .unwrap(),
            ),
            issuer: Some("https://oidc.example.com/id/A".parse().unwrap()),
            databases: vec![Database {
                host: "orders.cluster-abc123.eu-central-1.rds.amazonaws.com".to_owned(),
                port: 5433,
                user: Some("app".to_owned()),
                name: Some("orders".to_owned()),
                role: None,
            }],
            domains: vec![Domain {
                endpoint: "vpc-test-domain-1a2a3a4a5a6a7a8a9a0a9a8a7a.eu-west-1.es.amazonaws.com"
                    .parse()
                    .unwrap(),
                role: None,
            }],
            ..Workload::default()
        }
    }

    fn filled(cause: Cause, subject: Option<&str>) -> String {
        fill(cause.remedy(), &workload(), subject)
    }

    #[test]
    fn a_databases_remedies_have_its_names() {
        let label = "app@orders.cluster-abc123.eu-central-1.rds.amazonaws.com:5433/orders";
        let remedy = filled(Cause::RdsIamNotGranted, Some(label));
        assert!(remedy.contains("GRANT rds_iam TO \"app\""), "{remedy}");
        assert!(
            remedy.contains("--db-cluster-identifier orders "),
            "{remedy}"
        );
        let remedy = filled(Cause::DatabaseAccessDenied, Some(label));
        assert!(
            remedy.contains("ON DATABASE \"orders\" TO \"app\""),
            "{remedy}"
        );
        let remedy = filled(Cause::IamLoginRefused, Some(label));
        assert!(remedy.contains("--region eu-central-1 "), "{remedy}");
    }

    #[test]
    fn a_domains_remedies_have_its_name_with_all_its_hyphens() {
        let host = "vpc-test-domain-1a2a3a4a5a6a7a8a9a0a9a8a7a.eu-west-1.es.amazonaws.com";
        let remedy = filled(Cause::DomainResourceMismatch, Some(host));
        assert!(remedy.contains(":domain/test-domain/*"), "{remedy}");
        let remedy = filled(Cause::EndpointUnreachable, Some(host));
        assert!(remedy.contains(&format!("nc -vz {host} 443")), "{remedy}");
    }

    #[test]
    fn identity_and_role_are_filled_in_everywhere() {
        let remedy = filled(Cause::TrustDenied, None);
        assert!(remedy.contains("--role-name app "), "{remedy}");
        let remedy = filled(Cause::AnnotationMissing, None);
        assert!(
            remedy.contains(
                "-n shop annotate serviceaccount api eks.amazonaws.com/role-arn=arn:aws-cn:iam::"
            ),
            "{remedy}"
        );
        let remedy = filled(Cause::ThumbprintMismatch, None);
        assert!(
            remedy.contains("arn:aws-cn:iam::111122223333:oidc-provider/oidc.example.com/id/A")
        );
    }

    #[test]
    fn arns_are_in_the_roles_partition() {
        let remedy = filled(Cause::TrustProviderMismatch, None);
        assert!(
            remedy.contains("arn:aws-cn:iam::111122223333:oidc-provider/"),
            "{remedy}"
        );
        let remedy = filled(Cause::PartitionMismatch, None);
        assert!(remedy.contains("`arn:aws:` elsewhere"), "{remedy}");
    }

    #[test]
    fn other_words_in_capitals_stay() {
        let text = "set AWS_REGION; PATCH rolesmapping/ROLE; kubectl get pod NAME; --name CLUSTER";
        let subject = "orders.cluster-abc123.eu-central-1.rds.amazonaws.com";
        assert_eq!(fill(text, &workload(), Some(subject)), text);
        assert_eq!(fill("", &Workload::default(), None), "");
        assert_eq!(fill("é ROLE_ARN", &Workload::default(), None), "é ROLE_ARN");
    }
}
