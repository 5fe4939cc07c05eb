//! Trust policies and web identity: who may assume the role, and the cause that a refusal has.

use irsa_chain::{Cause, OidcProviderArn, SessionName};
use irsa_policy::{Decision, OidcRequest, PolicyKind, Verdict, decide, trust_cause};
use serde_json::{Value, json};

use crate::policy;

const ISSUER: &str = "oidc.eks.eu-central-1.amazonaws.com/id/EXAMPLE";
const SUBJECT: &str = "system:serviceaccount:shop:api";

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

/// The cause for the usual statement with another value of one element.
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
    for (element, value, cause) in [
        ("Principal", other_case, Cause::TrustProviderMismatch),
        ("Principal", service, Cause::TrustProviderMismatch),
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
            Cause::TrustSubjectMismatch,
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
            Cause::TrustProviderMismatch,
        ),
        (
            "StringEquals",
            "https://h:sub",
            SUBJECT,
            Cause::TrustProviderMismatch,
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
