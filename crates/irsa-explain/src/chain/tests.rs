//! Tests of the links that deny, and of unsure results.

mod organizations;
mod pod_identity;

use irsa_policy::PolicyDocuments;
use serde_json::json;

use super::report::{self, ChainReport, Detail, Verdict};
use super::*;
use crate::inventory::{Database, Domain, Provider};

const ISSUER: &str = "oidc.eks.eu-central-1.amazonaws.com/id/ABC";
const CLUSTER: &str = "arn:aws:rds-db:eu-central-1:111122223333:dbuser:cluster-ABCDEFGH";

fn source(label: &str, text: Option<String>) -> PolicySource {
    PolicySource::new(label, text)
}

fn trust(subject: &str) -> String {
    json!({"Version": "2012-10-17", "Statement": [{
        "Effect": "Allow", "Action": "sts:AssumeRoleWithWebIdentity",
        "Principal": {"Federated": format!("arn:aws:iam::111122223333:oidc-provider/{ISSUER}")},
        "Condition": {"StringEquals": {format!("{ISSUER}:sub"): subject}},
    }]})
    .to_string()
}

fn statement(effect: &str, action: &str, resource: &str) -> String {
    let statement = json!({"Effect": effect, "Action": action, "Resource": resource});
    json!({"Version": "2012-10-17", "Statement": statement}).to_string()
}

/// A role that trusts the service account and can log in as `app`.
fn role() -> Role {
    Role {
        label: "app".to_owned(),
        name: Some("app".to_owned()),
        arn: Some("arn:aws:iam::111122223333:role/team/app".parse().unwrap()),
        trust: vec![source(
            "trust",
            Some(trust("system:serviceaccount:shop:api")),
        )],
        permissions: vec![source(
            "connect",
            Some(statement(
                "Allow",
                "rds-db:connect",
                &format!("{CLUSTER}/app"),
            )),
        )],
        ..Role::default()
    }
}

struct Fixture {
    inventory: Inventory,
    role: Role,
    audience: &'static str,
    context: Context,
    is_complete: bool,
    documents: Vec<Document>,
    pod: Option<PodIdentity<'static>>,
}

impl Fixture {
    fn new(role: Role) -> Self {
        Self {
            inventory: Inventory::default(),
            role,
            audience: "sts.amazonaws.com",
            context: Context::new(),
            is_complete: false,
            documents: Vec::new(),
            pod: None,
        }
    }

    fn steps(&self, access: Option<Access<'_>>) -> Result<Vec<Step>, String> {
        let service_account = "shop/api".parse().unwrap();
        let issuer = format!("https://{ISSUER}").parse().unwrap();
        let token = Token {
            service_account: &service_account,
            issuer: &issuer,
            audience: self.audience,
        };
        let scenario = Scenario {
            credential: Some(
                self.pod
                    .map_or(Credential::Token(token), Credential::PodIdentity),
            ),
            role: &self.role,
            access,
            context: &self.context,
            time: None,
            is_complete: self.is_complete,
            documents: &self.documents,
        };
        steps(&self.inventory, &scenario)
    }

    /// The verdict and the text report.
    fn report(&self, access: Access<'_>) -> (Verdict, String) {
        let steps = self.steps(Some(access)).unwrap();
        let documents: Vec<PolicyDocuments> = report::documents(&steps).unwrap();
        let answers = ChainReport::new(&steps, &documents);
        let text = answers.text(Detail::Decision);
        let text = anstream::adapter::strip_str(&text).to_string();
        (answers.verdict(), text)
    }
}

#[test]
fn a_chain_that_holds_is_allowed_by_every_link() {
    let (verdict, text) = Fixture::new(role()).report(Access::Connect("app@cluster-ABCDEFGH"));
    assert_eq!(verdict, Verdict::Allowed);
    for part in [
        "trust policy: Allowed by statement 0 of a resource-based policy (trust:1:",
        "permissions: Allowed by statement 0 of an identity-based policy (connect:1:",
        "\nallowed by every link\n",
    ] {
        assert!(text.contains(part), "{text}");
    }
}

#[test]
fn the_link_that_refuses_is_named() {
    let (verdict, text) = Fixture::new(role()).report(Access::Connect("admin@cluster-ABCDEFGH"));
    assert_eq!(verdict, Verdict::Denied);
    assert!(
        text.ends_with("denied: the chain breaks at the permissions\n"),
        "{text}"
    );
    let mut stranger = role();
    stranger.trust = vec![source(
        "trust",
        Some(trust("system:serviceaccount:shop:web")),
    )];
    let (verdict, text) = Fixture::new(stranger).report(Access::Connect("app@cluster-ABCDEFGH"));
    assert_eq!(verdict, Verdict::Denied);
    assert!(
        text.ends_with("denied: the chain breaks at the trust policy\n"),
        "{text}"
    );
    assert!(text.contains("\npermissions: Allowed "), "{text}");
}

#[test]
fn the_session_asks_as_the_role_without_its_path_and_with_its_keys() {
    let fixture = Fixture::new(role());
    let steps = fixture
        .steps(Some(Access::Connect("app@cluster-ABCDEFGH")))
        .unwrap();
    let Basis::Policies(question) = &steps[1].basis else {
        panic!("{steps:?}")
    };
    assert_eq!(
        question.principal,
        "arn:aws:sts::111122223333:assumed-role/app/api"
    );
    assert_eq!(
        question.resource.as_deref(),
        Some(&*format!("{CLUSTER}/app"))
    );
    let value = |key| {
        question
            .context
            .filled()
            .values(key)
            .first()
            .map(String::as_str)
    };
    assert_eq!(
        value("aws:PrincipalArn"),
        Some("arn:aws:iam::111122223333:role/team/app")
    );
    assert_eq!(value("aws:PrincipalAccount"), Some("111122223333"));
    assert_eq!(
        value("aws:FederatedProvider"),
        Some(&*format!(
            "arn:aws:iam::111122223333:oidc-provider/{ISSUER}"
        ))
    );
}

#[test]
fn unknown_values_allow_only_verdicts_that_hold_anyway() {
    let access = Access::Connect("app@cluster-ABCDEFGH");
    let with = |change: &dyn Fn(&mut Role)| {
        let mut role = role();
        change(&mut role);
        Fixture::new(role).report(access)
    };
    let later = || source("`x` (known after apply)", None);
    let (verdict, text) = with(&|role| role.permissions.push(later()));
    assert_eq!(verdict, Verdict::Unsure);
    assert!(
        text.contains(
            "permissions: Unsure: depends on `x` (known after apply); without it, Allowed by"
        ),
        "{text}"
    );
    assert!(
        text.ends_with("unsure: the chain depends on unknown values at the permissions\n"),
        "{text}"
    );
    assert_eq!(with(&|role| role.trust = vec![later()]).0, Verdict::Unsure);
    assert_eq!(
        with(&|role| role.boundary = vec![later()]).0,
        Verdict::Unsure
    );
    // A known denial decides whatever the unknown policy contains, and a boundary never allows.
    let denied = |role: &mut Role| {
        let deny = Some(statement("Deny", "*", "*"));
        role.permissions = vec![later(), source("deny", deny)];
    };
    assert_eq!(with(&denied).0, Verdict::Denied);
    let limited = |role: &mut Role| {
        role.boundary = vec![later()];
        role.permissions.clear();
    };
    assert_eq!(with(&limited).0, Verdict::Denied);
}

#[test]
fn a_database_is_found_by_what_it_is_called() {
    let mut fixture = Fixture::new(role());
    fixture.inventory.databases.push(Database {
        label: "aws_rds_cluster.orders".to_owned(),
        names: vec![
            "orders".to_owned(),
            "orders.cluster-x.eu-central-1.rds.amazonaws.com".to_owned(),
        ],
        region: Some("eu-central-1".parse().unwrap()),
        resource_id: Some("cluster-ABCDEFGH".parse().unwrap()),
    });
    for name in [
        "orders",
        "aws_rds_cluster.orders",
        "ORDERS.cluster-x.eu-central-1.rds.amazonaws.com:5432",
    ] {
        let access = format!("app@{name}");
        assert_eq!(
            fixture.report(Access::Connect(&access)).0,
            Verdict::Allowed,
            "{name}"
        );
    }
    assert_eq!(
        fixture.report(Access::Connect(&format!("{CLUSTER}/app"))).0,
        Verdict::Allowed
    );
    let error = fixture
        .steps(Some(Access::Connect("app@billing")))
        .unwrap_err();
    assert_eq!(
        error,
        "--connect: there is no database `billing`; known databases: `aws_rds_cluster.orders`"
    );
    let error = fixture.steps(Some(Access::Connect("orders"))).unwrap_err();
    assert_eq!(
        error,
        "--connect: `orders` does not have the form USER@DATABASE"
    );
    // Without the resource ID, it is unknown whether policies match the database.
    fixture.inventory.databases[0].resource_id = None;
    let (verdict, text) = fixture.report(Access::Connect("app@orders"));
    assert_eq!(verdict, Verdict::Unsure);
    assert!(
        text.contains("depends on the resource ID of `aws_rds_cluster.orders`"),
        "{text}"
    );
}

#[test]
fn a_domain_has_an_access_policy() {
    let arn = "arn:aws:es:eu-central-1:111122223333:domain/logs";
    let grant = json!({"Version": "2012-10-17", "Statement": {
        "Effect": "Allow", "Action": "es:ESHttpGet", "Resource": format!("{arn}/*"),
        "Principal": {"AWS": "arn:aws:iam::111122223333:role/team/app"},
    }});
    let mut fixture = Fixture::new(role());
    fixture.inventory.domains.push(Domain {
        label: "aws_opensearch_domain.logs".to_owned(),
        name: Some("logs".to_owned()),
        names: vec!["logs".to_owned()],
        arn: Some(arn.to_owned()),
        access_policy: vec![source("access", Some(grant.to_string()))],
    });
    let search = format!("{arn}/orders/_search");
    let open = |domain, action| Access::Open { domain, action };
    for domain in ["logs", arn, &search] {
        let (verdict, text) = fixture.report(open(domain, "es:ESHttpGet"));
        assert_eq!(verdict, Verdict::Allowed, "{domain}: {text}");
        assert!(text.contains("resource-based policy (access:"), "{text}");
    }
    assert_eq!(
        fixture.report(open("logs", "es:ESHttpPut")).0,
        Verdict::Denied
    );
    // The access policy names the role. Without the name of the role, it may be a different one.
    fixture.role.name = None;
    assert_eq!(
        fixture.report(open("logs", "es:ESHttpPut")).0,
        Verdict::Unsure
    );
    let error = fixture
        .steps(Some(open("metrics", "es:ESHttpGet")))
        .unwrap_err();
    assert_eq!(
        error,
        "--open: there is no domain `metrics`; known domains: `aws_opensearch_domain.logs`"
    );
}

#[test]
fn a_known_provider_must_accept_the_audience() {
    let mut fixture = Fixture::new(role());
    fixture.inventory.has_all_providers = true;
    let access = Access::Connect("app@cluster-ABCDEFGH");
    let (verdict, text) = fixture.report(access);
    assert_eq!(verdict, Verdict::Denied);
    assert!(
        text.ends_with("the chain breaks at the OIDC provider\n"),
        "{text}"
    );
    fixture.inventory.providers.push(Provider {
        label: "eks".to_owned(),
        account: Some("111122223333".parse().unwrap()),
        issuer: Some(format!("https://{ISSUER}").parse().unwrap()),
        client_ids: Some(vec!["sts.amazonaws.com".to_owned()]),
    });
    assert_eq!(fixture.report(access).0, Verdict::Allowed);
    fixture.audience = "vault";
    let (verdict, text) = fixture.report(access);
    assert_eq!(verdict, Verdict::Denied);
    let begin = "OIDC provider: Denied because `eks` does not accept the audience `vault`, only `sts.amazonaws.com`\n";
    assert!(text.starts_with(begin), "{text}");
}

#[test]
fn a_denial_that_no_unknown_value_changes_is_certain() {
    let late = |user: &str, resource: &str| {
        let mut fixture = Fixture::new(role());
        fixture.inventory.databases.push(Database {
            label: "aws_rds_cluster.orders".to_owned(),
            names: vec!["orders".to_owned()],
            region: Some("eu-central-1".parse().unwrap()),
            resource_id: None,
        });
        let policy = statement("Allow", "rds-db:connect", resource);
        fixture.role.permissions = vec![source("connect", Some(policy))];
        fixture.report(Access::Connect(&format!("{user}@orders"))).0
    };
    let any = "arn:aws:rds-db:eu-central-1:111122223333:dbuser";
    for (user, resource, expected) in [
        ("app", format!("{CLUSTER}/app"), Verdict::Unsure),
        ("app", format!("{any}:*/app"), Verdict::Allowed),
        ("admin", format!("{any}:*/app"), Verdict::Denied),
        ("admin", format!("{CLUSTER}/app"), Verdict::Denied),
        (
            "app",
            "arn:aws:es:eu-central-1:111122223333:domain/logs/*".to_owned(),
            Verdict::Denied,
        ),
    ] {
        assert_eq!(late(user, &resource), expected, "{user} {resource}");
    }
    // The known boundary does not allow the request, whatever the unknown policy grants.
    let mut limited = role();
    limited.permissions = vec![source("`x` (known after apply)", None)];
    let boundary = statement("Allow", "s3:*", "*");
    limited.boundary = vec![source("boundary", Some(boundary))];
    let (verdict, text) = Fixture::new(limited).report(Access::Connect("app@cluster-ABCDEFGH"));
    assert_eq!(verdict, Verdict::Denied, "{text}");
    assert!(
        text.contains("because no permissions boundary allows"),
        "{text}"
    );
}

#[test]
fn a_role_without_account_is_where_its_trusted_provider_is() {
    let mut nameless = role();
    (nameless.arn, nameless.name) = (None, None);
    let fixture = Fixture::new(nameless.clone());
    assert_eq!(
        fixture.report(Access::Connect("app@cluster-ABCDEFGH")).0,
        Verdict::Allowed
    );
    nameless.trust.clear();
    let error = Fixture::new(nameless).steps(None).unwrap_err();
    assert_eq!(error, NO_ACCOUNT);
}
