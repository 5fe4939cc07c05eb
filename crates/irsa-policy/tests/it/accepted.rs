//! Policies that IAM's `CreatePolicy` accepts although they never match or require nothing.

use irsa_policy::{Context, Decision, Policy, PolicyKind, Principal, Request, decide};
use serde_json::{Value, json};

use crate::{ROLE_SESSION, ask, identity};

const BUCKET: &str = "arn:aws:s3:::b";

/// Returns whether a condition holds for `a:k` = `v` and no other key.
fn holds(condition: &Value) -> bool {
    let policy = identity(&json!({
        "Effect": "Allow", "Action": "s3:*", "Resource": "*", "Condition": condition,
    }));
    let request = Request {
        principal: ROLE_SESSION,
        action: "s3:GetObject",
        resource: Some(BUCKET),
        context: &Context::new().with("a:k", "v"),
    };
    decide(&[&policy], &request).decision == Decision::Allowed
}

#[test]
fn an_operator_without_keys_asks_for_nothing_whatever_its_name() {
    for condition in [
        json!({}),
        json!({"DateGreaterThan": {}}),
        json!({"x": {}, "y": {}}),
    ] {
        assert!(holds(&condition), "{condition}");
    }
}

#[test]
fn an_empty_list_matches_nothing() {
    for (operator, present, absent) in [
        ("StringEquals", false, false),
        ("StringEqualsIfExists", false, true),
        ("StringNotLike", true, true),
        ("NumericLessThan", false, false),
        ("DateNotEquals", true, true),
        ("Bool", false, false),
        ("IpAddress", false, false),
        ("NotIpAddress", true, true),
        ("ArnLike", false, false),
        ("BinaryEquals", false, false),
        ("Null", false, false),
        ("ForAllValues:StringEquals", false, true),
        ("ForAnyValue:StringEquals", false, false),
        ("ForAnyValue:StringNotEquals", true, false),
    ] {
        assert_eq!(
            holds(&json!({operator: {"a:k": []}})),
            present,
            "{operator}"
        );
        assert_eq!(
            holds(&json!({operator: {"a:none": []}})),
            absent,
            "{operator}"
        );
    }
}

#[test]
fn no_request_has_a_key_without_a_prefix() {
    assert!(!holds(&json!({"StringEquals": {"sub": "v"}})));
    assert!(holds(&json!({"StringNotEquals": {"sub": "v"}})));
    assert!(holds(&json!({"StringEqualsIfExists": {"sub": "v"}})));
}

#[test]
fn no_action_has_an_empty_name_or_one_with_spaces() {
    for action in [
        "s3:",
        "s3:   ",
        "s3:GetObject ",
        "s3: GetObject",
        "s3.x:GetObject",
    ] {
        let named =
            |element: &str| identity(&json!({"Effect": "Allow", element: action, "Resource": "*"}));
        let decision = |element| ask(&named(element), "s3:GetObject", BUCKET);
        assert_eq!(decision("Action"), Decision::ImplicitlyDenied, "{action}");
        assert_eq!(decision("NotAction"), Decision::Allowed, "{action}");
    }
}

// Amazon S3 User Guide, "Bucket policy examples", "Managing access using origin access identity".
#[test]
fn an_origin_access_identity_is_accepted_and_matches_no_caller() {
    let policy = json!({"Version": "2012-10-17", "Statement": {
        "Effect": "Allow", "Action": "s3:GetObject", "Resource": "arn:aws:s3:::b/*",
        "Principal": {"AWS": "arn:aws:iam::cloudfront:user/CloudFront Origin Access Identity EH1HDMB1FH2TC"},
    }});
    let policy = Policy::parse(PolicyKind::Resource, &policy.to_string()).unwrap();
    for principal in [ROLE_SESSION, Principal::Anonymous] {
        let request = Request {
            principal,
            action: "s3:GetObject",
            resource: Some("arn:aws:s3:::b/k"),
            context: &Context::new(),
        };
        let decision = decide(&[&policy], &request).decision;
        assert_eq!(decision, Decision::ImplicitlyDenied, "{principal:?}");
    }
}

// IAM User Guide, "IAM policy elements: Variables and tags", "Resource element": a variable cannot replace a part
// before the fifth colon. The AWS managed policy `AmazonTimestreamInfluxDBServiceRolePolicy` contains one nevertheless.
#[test]
fn a_variable_before_the_fifth_colon_is_never_filled_in() {
    let key = "arn:aws:kms:eu-central-1:111122223333:key/1";
    let decision = |element: &str| {
        let policy = identity(&json!({
            "Effect": "Allow", "Action": "kms:*",
            element: "arn:*:kms:*:${aws:PrincipalAccount}:key/*",
        }));
        let request = Request {
            principal: ROLE_SESSION,
            action: "kms:Decrypt",
            resource: Some(key),
            context: &Context::new().with("aws:PrincipalAccount", "111122223333"),
        };
        decide(&[&policy], &request).decision
    };
    assert_eq!(decision("Resource"), Decision::ImplicitlyDenied);
    assert_eq!(decision("NotResource"), Decision::Allowed);
}
