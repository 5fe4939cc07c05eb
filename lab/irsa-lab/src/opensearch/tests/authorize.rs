//! Policies: every combination of both sides, each refusal with its exact text and cause.

use std::net::{IpAddr, Ipv4Addr};
use std::sync::Arc;

use http::Method;
use irsa_chain::Cause;
use irsa_policy::{Policy, PolicyKind};

use super::super::authorize::{Call, Caller, authorize};
use super::super::refusal::Refusal;
use super::support::{
    ZEEBE, domain, now, session, world_with, world_with_domain, world_with_policy,
};
use crate::sessions::Sessions;
use crate::world::World;

const OPERATE: &str = "arn:aws:iam::111122223333:role/camunda/operate-role";
const OPTIMIZE: &str = "arn:aws:iam::111122223333:role/camunda/optimize-role";
const KEYCLOAK: &str = "arn:aws:iam::111122223333:role/camunda/keycloak-role";
const PARTNER: &str = "arn:aws:iam::444455556666:role/partner-role";
const GET: Method = Method::GET;
const ALLOW_PARTNER: &str = r#"{"Effect": "Allow", "Principal": {"AWS": "arn:aws:iam::444455556666:role/partner-role"}, "Action": "es:ESHttpGet", "Resource": "arn:aws:es:eu-central-1:111122223333:domain/test-domain/*"}"#;
const ALLOW_KEYCLOAK: &str = r#"{"Effect": "Allow", "Principal": {"AWS": "arn:aws:iam::111122223333:role/camunda/keycloak-role"}, "Action": "es:ESHttpGet", "Resource": "arn:aws:es:eu-central-1:111122223333:domain/test-domain/*"}"#;
const ALLOW_ALL: &str = r#"{"Effect": "Allow", "Principal": "*", "Action": "es:*", "Resource": "arn:aws:es:eu-central-1:111122223333:domain/test-domain/*"}"#;
const DENY_DELETE: &str = r#"{"Effect": "Deny", "Principal": {"AWS": "*"}, "Action": "es:ESHttpDelete", "Resource": "*"}"#;
const FROM_ELSEWHERE: &str = r#"{"Effect": "Allow", "Principal": "*", "Action": "es:*", "Resource": "*", "Condition": {"IpAddress": {"aws:SourceIp": "203.0.113.0/24"}}}"#;

fn asked(
    world: &World,
    role: Option<&str>,
    method: &Method,
    path: &str,
) -> Result<Caller, Refusal> {
    let sessions = Sessions::default();
    let session = role.map(|role| session(&sessions, role));
    let call = Call {
        method,
        path,
        source: IpAddr::from(Ipv4Addr::LOCALHOST),
        now: now(),
    };
    authorize(session.as_deref(), &call, &domain(world), world)
}

/// Returns the text in the response's body, and the cause.
fn refused(world: &World, role: Option<&str>, method: &Method, path: &str) -> (String, Cause) {
    let refusal = asked(world, role, method, path).unwrap_err();
    let cause = refusal.cause;
    let response = refusal.response();
    assert_eq!(response.status(), 403);
    let body: serde_json::Value = serde_json::from_slice(response.body()).unwrap();
    (body["Message"].as_str().unwrap().to_owned(), cause)
}

fn role(arn: &str) -> Caller {
    Caller::Role(arn.parse().unwrap())
}

#[test]
fn a_role_whose_policy_allows_is_forwarded_with_its_path() {
    let world = world_with_domain("");
    for method in [GET, Method::HEAD, Method::POST, Method::PUT, Method::DELETE] {
        for path in ["/", "/_bulk", "/a%2Fb/_doc/1", "/a,b*/_search"] {
            assert_eq!(asked(&world, Some(ZEEBE), &method, path), Ok(role(ZEEBE)));
        }
    }
}

#[test]
fn within_the_account_the_access_policy_alone_is_enough() {
    let world = world_with_policy(ALLOW_KEYCLOAK);
    assert_eq!(asked(&world, Some(KEYCLOAK), &GET, "/"), Ok(role(KEYCLOAK)));
}

#[test]
fn the_account_as_principal_delegates_to_the_roles_policies() {
    let account = "arn:aws:iam::111122223333:role/camunda/keycloak-role";
    let world = world_with_policy(&ALLOW_KEYCLOAK.replace(account, "111122223333"));
    assert_eq!(
        refused(&world, Some(KEYCLOAK), &GET, "/").1,
        Cause::EsHttpNotAllowed
    );
    assert_eq!(asked(&world, Some(ZEEBE), &GET, "/"), Ok(role(ZEEBE)));
}

#[test]
fn across_accounts_both_sides_must_allow() {
    let only_domain = world_with_policy(ALLOW_PARTNER);
    let user = "arn:aws:sts::444455556666:assumed-role/partner-role/pod-1";
    let not_allowed = |kind: &str| {
        format!(
            "User: {user} is not authorized to perform: es:ESHttpGet because no {kind} policy \
             allows the es:ESHttpGet action"
        )
    };
    assert_eq!(
        refused(&only_domain, Some(PARTNER), &GET, "/"),
        (not_allowed("identity-based"), Cause::EsHttpNotAllowed)
    );

    let trust_end = "\"Condition\": {\"StringEquals\": {\"sts:ExternalId\": \"camunda\"}}\n        }]\n      }\n";
    let own_policy = format!(
        "{trust_end}    policies:\n      - name: search\n        document: '{{\"Version\": \"2012-10-17\", \"Statement\": \
         {{\"Effect\": \"Allow\", \"Action\": \"es:ESHttpGet\", \"Resource\": \
         \"arn:aws:es:eu-central-1:111122223333:domain/test-domain/*\"}}}}'\n"
    );
    let only_role = world_with(trust_end, &own_policy);
    let (text, _) = refused(&only_role, Some(PARTNER), &GET, "/");
    assert_eq!(text, not_allowed("resource-based"));

    let text = include_str!("../../../../../crates/irsa-world/src/camunda-8.3.yaml")
        .replace(trust_end, &own_policy);
    let master = "    master_role:";
    let policy = format!(
        "    access_policy: '{{\"Version\": \"2012-10-17\", \"Statement\": {ALLOW_PARTNER}}}'\n{master}"
    );
    let both = World::from_yaml(&text.replace(master, &policy)).unwrap();
    assert_eq!(asked(&both, Some(PARTNER), &GET, "/"), Ok(role(PARTNER)));
}

#[test]
fn anonymous_callers_need_the_access_policy() {
    let open = world_with_policy(ALLOW_ALL);
    assert_eq!(asked(&open, None, &GET, "/"), Ok(Caller::Anonymous));
    let closed = world_with_domain("");
    assert_eq!(
        refused(&closed, None, &Method::POST, "/_bulk"),
        (
            "User: anonymous is not authorized to perform: es:ESHttpPost because no \
             resource-based policy allows the es:ESHttpPost action"
                .to_owned(),
            Cause::RequestUnsigned
        )
    );
    let elsewhere = world_with_policy(FROM_ELSEWHERE);
    assert_eq!(
        refused(&elsewhere, None, &GET, "/").1,
        Cause::RequestUnsigned
    );
}

#[test]
fn a_denial_wins_on_either_side() {
    let by_domain = world_with_policy(DENY_DELETE);
    assert_eq!(
        refused(&by_domain, Some(ZEEBE), &Method::DELETE, "/x"),
        (
            "User: arn:aws:sts::111122223333:assumed-role/zeebe-role/pod-1 is not authorized to \
             perform: es:ESHttpDelete with an explicit deny in a resource-based policy"
                .to_owned(),
            Cause::EsHttpDenied
        )
    );
    assert_eq!(
        refused(&by_domain, None, &Method::DELETE, "/x").0,
        "User: anonymous is not authorized to perform: es:ESHttpDelete with an explicit deny in a \
         resource-based policy"
    );
    let by_role = world_with(
        "\"Effect\": \"Allow\",\n              \"Action\": [\"es:ESHttpGet\"",
        "\"Effect\": \"Deny\",\n              \"Action\": [\"es:ESHttpGet\"",
    );
    let (text, cause) = refused(&by_role, Some(OPERATE), &GET, "/x");
    assert!(
        text.ends_with("es:ESHttpGet with an explicit deny in an identity-based policy"),
        "{text}"
    );
    assert_eq!(cause, Cause::EsHttpDenied);
}

#[test]
fn each_missing_permission_has_its_cause() {
    let world = world_with_domain("");
    let other_region = world_with(
        "\"Resource\": \"arn:aws:es:eu-central-1:111122223333:domain/test-domain/*\"",
        "\"Resource\": \"arn:aws:es:eu-west-1:111122223333:domain/test-domain/*\"",
    );
    let other_domain = world_with("domain/test-domain/*", "domain/prod-domain/*");
    let one_index = world_with("domain/test-domain/*", "domain/test-domain/logs/*");
    let without_patch = world_with("\"es:ESHttpPatch\", ", "");
    asked(&world, Some(ZEEBE), &Method::PATCH, "/").unwrap();
    for (name, world, role, method, cause) in [
        (
            "without `/*`",
            &world,
            OPTIMIZE,
            GET,
            Cause::DomainResourceMismatch,
        ),
        (
            "a different domain",
            &other_domain,
            ZEEBE,
            GET,
            Cause::DomainResourceMismatch,
        ),
        (
            "a different region",
            &other_region,
            ZEEBE,
            GET,
            Cause::DomainResourceMismatch,
        ),
        (
            "one index only",
            &one_index,
            ZEEBE,
            GET,
            Cause::EsHttpNotAllowed,
        ),
        (
            "a different method",
            &without_patch,
            ZEEBE,
            Method::PATCH,
            Cause::EsHttpNotAllowed,
        ),
        (
            "no such policy",
            &world,
            KEYCLOAK,
            GET,
            Cause::EsHttpNotAllowed,
        ),
        (
            "no action",
            &world,
            ZEEBE,
            Method::OPTIONS,
            Cause::EsHttpNotAllowed,
        ),
        (
            "deleted role",
            &world,
            "arn:aws:iam::111122223333:role/gone",
            GET,
            Cause::RoleUnknown,
        ),
    ] {
        assert_eq!(refused(world, Some(role), &method, "/x").1, cause, "{name}");
    }
}

#[test]
fn the_ledger_has_the_nearest_statement() {
    let refusal = asked(&world_with_domain(""), Some(OPTIMIZE), &GET, "/_search").unwrap_err();
    assert!(
        refusal.message.contains("`Resource` lists"),
        "{}",
        refusal.message
    );
}

#[test]
fn a_session_policy_restricts_the_role_and_the_error_names_it() {
    let world = world_with_domain("");
    let sessions = Sessions::default();
    let json = r#"{"Version": "2012-10-17", "Statement":
        {"Effect": "Allow", "Action": "es:ESHttpGet", "Resource": "*"}}"#;
    let policy = Policy::parse(PolicyKind::Session, json).unwrap();
    let mut spec = session(&sessions, ZEEBE).spec.clone();
    spec.policies = vec![Arc::new(policy)];
    let session = sessions.issue(spec, now());
    let ask = |method: &Method| {
        let call = Call {
            method,
            path: "/",
            source: IpAddr::from(Ipv4Addr::LOCALHOST),
            now: now(),
        };
        authorize(Some(&session), &call, &domain(&world), &world)
    };
    assert_eq!(ask(&GET), Ok(role(ZEEBE)));
    let refusal = ask(&Method::POST).unwrap_err();
    assert_eq!(refusal.cause, Cause::EsHttpNotAllowed);
    let end = "because no session policy allows the es:ESHttpPost action";
    assert!(refusal.message.contains(end), "{}", refusal.message);
}

// OpenSearch Service Developer Guide, "Identity and Access Management": the service does not support these keys.
#[test]
fn requests_lack_the_keys_that_the_service_does_not_support() {
    let with = |operator: &str, key: &str, value: &str| {
        let condition =
            format!("\"Condition\": {{\"{operator}\": {{\"{key}\": \"{value}\"}}}}, \"Action\"");
        world_with_policy(&ALLOW_KEYCLOAK.replace("\"Action\"", &condition))
    };
    let region = with("StringEquals", "aws:RequestedRegion", "eu-central-1");
    assert_eq!(
        asked(&region, Some(KEYCLOAK), &GET, "/"),
        Ok(role(KEYCLOAK))
    );
    let tls = with("Bool", "aws:SecureTransport", "true");
    assert_eq!(
        refused(&tls, Some(KEYCLOAK), &GET, "/").1,
        Cause::EsHttpNotAllowed
    );
}
