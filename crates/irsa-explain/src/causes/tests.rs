//! Tests of the causes of denials.

use irsa_chain::{OidcProviderArn, SessionName};
use irsa_policy::{Context, Policy, PolicyKind, Principal, Request, decide};
use serde_json::{Value, json};

use super::*;
use crate::OidcRequest;

const ISSUER: &str = "oidc.eks.eu-central-1.amazonaws.com/id/EXAMPLE";
const SUBJECT: &str = "system:serviceaccount:shop:api";
const DATABASE_USER: &str = "arn:aws:rds-db:eu-central-1:111122223333:dbuser:cluster-ABC/app";

fn policy(kind: PolicyKind, statements: &Value) -> Policy {
    let document = json!({"Version": "2012-10-17", "Statement": statements});
    Policy::parse(kind, &document.to_string()).unwrap()
}

fn permitted(statements: &Value, action: &str, resource: &str) -> Verdict {
    let request = Request {
        principal: Principal::Aws("arn:aws:sts::111122223333:assumed-role/app/pod-1"),
        action,
        resource: Some(resource),
        context: &Context::new(),
    };
    decide(&[&policy(PolicyKind::Identity, statements)], &request)
}

fn provider() -> OidcProviderArn {
    format!("arn:aws:iam::111122223333:oidc-provider/{ISSUER}")
        .parse()
        .unwrap()
}

/// The usual statement, changed by `change`.
fn statement(change: impl FnOnce(&mut Value)) -> Value {
    let mut statement = json!({
        "Effect": "Allow",
        "Principal": {"Federated": provider().as_str()},
        "Action": "sts:AssumeRoleWithWebIdentity",
        "Condition": {"StringEquals": {
            format!("{ISSUER}:sub"): SUBJECT,
            format!("{ISSUER}:aud"): "sts.amazonaws.com",
        }},
    });
    change(&mut statement);
    statement
}

fn assume(statements: &Value) -> Verdict {
    let session: SessionName = "api-0".parse().unwrap();
    let request = OidcRequest::new(&provider(), SUBJECT, ["sts.amazonaws.com"], &session);
    decide(
        &[&policy(PolicyKind::Trust, statements)],
        &request.request(),
    )
}

#[test]
fn the_usual_trust_policy_lets_its_service_account_in() {
    assert_eq!(assume(&statement(|_| {})).decision, Decision::Allowed);
}

#[test]
fn session_name_and_provider_are_condition_keys() {
    let verdict = assume(&statement(|statement| {
        statement["Condition"] = json!({
            "StringLike": {"sts:RoleSessionName": "api-*"},
            "ArnEquals": {"aws:FederatedProvider": provider().as_str()},
        });
    }));
    assert_eq!(verdict.decision, Decision::Allowed);
}

/// The cause for the usual statement with a different value of one element.
fn cause_with(element: &str, value: Value) -> Cause {
    let statement = statement(|statement| statement[element] = value);
    let verdict = assume(&statement);
    assert_ne!(verdict.decision, Decision::Allowed, "{statement}");
    trust_cause(&verdict)
}

#[test]
fn each_wrong_element_has_its_cause() {
    let other_case = json!({"Federated": provider().as_str().to_lowercase()});
    let service = json!({"Service": "pods.eks.amazonaws.com"});
    let deleted = json!({"AWS": "AROAEXAMPLEEXAMPLE123"});
    for (element, value, cause) in [
        ("Principal", other_case, Cause::TrustProviderMismatch),
        ("Principal", service, Cause::TrustProviderMismatch),
        ("Principal", deleted, Cause::TrustPrincipalDeleted),
        (
            "Action",
            json!("sts:AssumeRole"),
            Cause::TrustActionMismatch,
        ),
        ("Effect", json!("Deny"), Cause::TrustDenied),
    ] {
        assert_eq!(
            cause_with(element, value.clone()),
            cause,
            "{element} {value}"
        );
    }
}

#[test]
fn each_wrong_condition_has_its_cause() {
    let sub = format!("{ISSUER}:sub");
    let aud = format!("{ISSUER}:aud");
    let provider_arn = format!("{}:sub", provider());
    for (operator, key, value, cause) in [
        (
            "StringLike",
            &*sub,
            "system:serviceaccount:shop:w*",
            Cause::TrustSubjectMismatch,
        ),
        (
            "StringEquals",
            &sub,
            "system:serviceaccount:shop:*",
            Cause::TrustWildcardLiteral,
        ),
        (
            "StringEquals",
            &sub,
            "sts.amazonaws.com",
            Cause::TrustSubjectMismatch,
        ),
        (
            "StringEquals",
            &aud,
            "sts.amazon.com",
            Cause::TrustAudienceMismatch,
        ),
        (
            "StringEquals",
            &provider_arn,
            SUBJECT,
            Cause::TrustKeyMalformed,
        ),
        (
            "StringEquals",
            "https://h:sub",
            SUBJECT,
            Cause::TrustKeyMalformed,
        ),
        (
            "StringEquals",
            "other.example:sub",
            SUBJECT,
            Cause::TrustProviderMismatch,
        ),
        (
            "StringEquals",
            "aws:PrincipalOrgID",
            "o-1",
            Cause::TrustDenied,
        ),
    ] {
        let condition = json!({operator: {key: value}});
        assert_eq!(
            cause_with("Condition", condition),
            cause,
            "{operator} {key} {value}"
        );
    }
}

#[test]
fn the_statement_for_the_callers_provider_gives_the_cause() {
    let for_nodes = json!({
        "Effect": "Allow", "Principal": {"Service": "ec2.amazonaws.com"}, "Action": "sts:AssumeRole",
    });
    let other_subject = statement(|s| {
        s["Condition"]["StringEquals"] = json!({
            format!("{ISSUER}:sub"): "system:serviceaccount:shop:web",
            format!("{ISSUER}:aud"): "other",
            "aws:PrincipalOrgID": "o-1",
        });
    });
    let verdict = assume(&json!([for_nodes, other_subject]));
    assert_eq!(verdict.near_misses[0].statement.statement, 0);
    assert_eq!(trust_cause(&verdict), Cause::TrustSubjectMismatch);
}

#[test]
fn an_explicit_deny_is_trust_denied() {
    let deny = statement(|s| {
        s["Effect"] = json!("Deny");
        s["Condition"] = json!({"StringNotEquals": {"aws:PrincipalOrgID": "o-1"}});
    });
    let verdict = assume(&json!([statement(|_| {}), deny]));
    assert_eq!(verdict.decision, Decision::ExplicitlyDenied);
    assert_eq!(trust_cause(&verdict), Cause::TrustDenied);
}

#[test]
fn a_token_of_several_audiences_has_them_all() {
    let session: SessionName = "api-0".parse().unwrap();
    let request = OidcRequest::new(&provider(), SUBJECT, ["a", "sts.amazonaws.com"], &session);
    let policy = policy(PolicyKind::Trust, &statement(|_| {}));
    assert_eq!(
        decide(&[&policy], &request.request()).decision,
        Decision::Allowed
    );
}

#[test]
fn a_denied_connect_has_its_cause() {
    let resource = |resource: &str| json!({"Effect": "Allow", "Action": "rds-db:connect", "Resource": resource});
    let prefix = "arn:aws:rds-db:eu-central-1:111122223333:dbuser";
    for (cause, statements) in [
        (
            Cause::ResourceIdMismatch,
            resource(&format!("{prefix}:my-cluster/app")),
        ),
        (
            Cause::ResourceIdMismatch,
            resource(&format!("{prefix}:db-XYZ/*")),
        ),
        (
            Cause::ResourceIdMismatch,
            resource("arn:aws:rds-db:us-east-1:111122223333:dbuser:cluster-ABC/app"),
        ),
        (
            Cause::DbUserMismatch,
            resource(&format!("{prefix}:cluster-ABC/App")),
        ),
        (
            Cause::DbUserMismatch,
            resource("arn:aws:rds-db:*:*:dbuser:*/ app"),
        ),
        (
            Cause::ConnectNotAllowed,
            resource(&format!("{prefix}:cluster-XYZ/other")),
        ),
        (
            Cause::ConnectNotAllowed,
            resource("arn:aws:rds:eu-central-1:111122223333:cluster:c"),
        ),
        (
            Cause::ConnectNotAllowed,
            json!({"Effect": "Allow", "Action": "rds:connect", "Resource": "*"}),
        ),
        (
            Cause::ConnectNotAllowed,
            json!({"Effect": "Allow", "Action": "rds-db:connect", "NotResource": DATABASE_USER}),
        ),
        (
            Cause::ConnectDenied,
            json!({"Effect": "Deny", "Action": "*", "Resource": "*"}),
        ),
        (
            Cause::DbUserMismatch,
            json!([
                resource(&format!("{prefix}:cluster-XYZ/other")),
                {"Effect": "Allow", "Action": "rds-db:connect", "Resource": [
                    format!("{prefix}:cluster-XYZ/other"), format!("{prefix}:cluster-ABC/other"),
                ]},
            ]),
        ),
    ] {
        assert_eq!(
            connect_cause(&permitted(&statements, "rds-db:connect", DATABASE_USER)),
            cause,
            "{statements}"
        );
    }
}

#[test]
fn a_denied_request_has_its_cause() {
    let domain = "arn:aws:es:eu-central-1:111122223333:domain/logs";
    let statement = |effect: &str, action: &str, resource: &str| json!({"Effect": effect, "Action": action, "Resource": resource});
    for (statement, cause) in [
        (
            statement("Allow", "es:ESHttpGet", domain),
            Cause::DomainResourceMismatch,
        ),
        (
            statement("Allow", "es:*", &format!("{domain}-2/*")),
            Cause::DomainResourceMismatch,
        ),
        (
            statement("Allow", "es:*", &format!("{domain}/other/*")),
            Cause::EsHttpNotAllowed,
        ),
        (
            statement("Allow", "s3:*", "arn:aws:s3:::domain/x:domain/y"),
            Cause::EsHttpNotAllowed,
        ),
        (statement("Deny", "es:*", "*"), Cause::EsHttpDenied),
    ] {
        let verdict = permitted(&statement, "es:ESHttpGet", &format!("{domain}/index"));
        assert_eq!(request_cause(&verdict, domain), cause, "{statement}");
    }
}
