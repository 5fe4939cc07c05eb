//! Effects, actions and resources (IAM User Guide, "Policy evaluation logic", "Action", "Resource").

use irsa_policy::Decision::{Allowed, ExplicitlyDenied, ImplicitlyDenied};
use irsa_policy::{Context, Policy, PolicyKind, Request, StatementRef, decide, evaluate};
use serde_json::json;

use crate::{ROLE_SESSION, ask, identity};

const CONNECT: &str = "rds-db:connect";
const APP: &str = "arn:aws:rds-db:eu-central-1:111122223333:dbuser:cluster-ABC/app";

/// The decision on the database user `app` for a policy that allows one resource.
fn connect(resource: &str) -> bool {
    let policy = identity(&json!({"Effect": "Allow", "Action": CONNECT, "Resource": resource}));
    ask(&policy, CONNECT, APP) == Allowed
}

#[test]
fn a_request_that_no_statement_allows_is_denied() {
    let policy = identity(&json!([{"Effect": "Allow", "Action": "s3:*", "Resource": "*"}]));
    assert_eq!(ask(&policy, CONNECT, APP), ImplicitlyDenied);
}

#[test]
fn a_deny_wins_wherever_it_stands() {
    let allow = json!({"Effect": "Allow", "Action": "*", "Resource": "*"});
    let deny = json!({"Effect": "Deny", "Action": "rds-db:*", "Resource": "*"});
    for statements in [json!([allow, deny]), json!([deny, allow])] {
        assert_eq!(ask(&identity(&statements), CONNECT, APP), ExplicitlyDenied);
    }
}

#[test]
fn a_deny_in_another_policy_wins() {
    let allow = identity(&json!({"Effect": "Allow", "Action": "*", "Resource": "*"}));
    let deny = identity(&json!([
        {"Effect": "Deny", "Action": "s3:*", "Resource": "*"},
        {"Sid": "NoApp", "Effect": "Deny", "Action": CONNECT, "Resource": "*"},
    ]));
    let context = Context::new();
    let request = Request {
        principal: ROLE_SESSION,
        action: CONNECT,
        resource: Some(APP),
        context: &context,
    };
    let verdict = decide(&[&allow, &deny], &request);
    assert_eq!(verdict.decision, ExplicitlyDenied);
    let by = StatementRef {
        policy: 1,
        statement: 1,
        sid: Some("NoApp".to_owned()),
    };
    assert_eq!(verdict.by, Some(by));
    assert!(verdict.near_misses.is_empty());
    assert_eq!(evaluate(&[&allow, &deny], &request), ExplicitlyDenied);
}

#[test]
fn without_policies_everything_is_denied() {
    let context = Context::new();
    let request = Request {
        principal: ROLE_SESSION,
        action: CONNECT,
        resource: Some(APP),
        context: &context,
    };
    assert_eq!(decide(&[], &request).decision, ImplicitlyDenied);
}

#[test]
fn actions_are_the_same_in_upper_and_lower_case() {
    let policy =
        identity(&json!({"Effect": "Allow", "Action": "IAM:ListAccessKeys", "Resource": "*"}));
    assert_eq!(ask(&policy, "iam:listaccesskeys", "*"), Allowed);
    let policy = identity(&json!({"Effect": "Allow", "Action": "iam:list*", "Resource": "*"}));
    assert_eq!(ask(&policy, "iam:ListAccessKeys", "*"), Allowed);
}

#[test]
fn actions_have_wildcards() {
    for (pattern, expected) in [
        ("*", true),
        ("*:*", true),
        ("iam:*AccessKey*", true),
        ("iam:????AccessKeys", true),
        ("iam:???AccessKeys", false),
        ("iam:AccessKey*", false),
        ("s3:*", false),
    ] {
        let policy =
            identity(&json!({"Effect": "Allow", "Action": ["sqs:*", pattern], "Resource": "*"}));
        assert_eq!(
            ask(&policy, "iam:ListAccessKeys", "*") == Allowed,
            expected,
            "{pattern}"
        );
    }
}

#[test]
fn not_action_matches_all_other_actions() {
    let policy =
        identity(&json!({"Effect": "Allow", "NotAction": ["iam:*", "s3:Put*"], "Resource": "*"}));
    assert_eq!(ask(&policy, "rds-db:connect", APP), Allowed);
    assert_eq!(ask(&policy, "s3:GetObject", "*"), Allowed);
    assert_eq!(ask(&policy, "S3:PUTOBJECT", "*"), ImplicitlyDenied);
}

#[test]
fn not_resource_matches_all_other_resources() {
    let policy =
        identity(&json!({"Effect": "Deny", "Action": "*", "NotResource": "arn:aws:s3:::mine/*"}));
    assert_eq!(
        ask(&policy, "s3:GetObject", "arn:aws:s3:::mine/k"),
        ImplicitlyDenied
    );
    assert_eq!(
        ask(&policy, "s3:GetObject", "arn:aws:s3:::other/k"),
        ExplicitlyDenied
    );
}

#[test]
fn resources_are_case_sensitive() {
    assert!(connect(APP));
    assert!(!connect(
        "arn:aws:rds-db:eu-central-1:111122223333:dbuser:cluster-ABC/App"
    ));
    assert!(!connect(
        "arn:aws:rds-db:eu-central-1:111122223333:dbuser:cluster-abc/app"
    ));
}

#[test]
fn resources_have_wildcards_in_their_parts() {
    for (resource, expected) in [
        ("*", true),
        ("arn:*:rds-db:*:*:dbuser:*/app", true),
        (
            "arn:aws:rds-db:eu-*:111122223333:dbuser:cluster-???/app",
            true,
        ),
        (
            "arn:aws:rds-db:eu-*:111122223333:dbuser:cluster-??/app",
            false,
        ),
        ("arn:aws:rds-db:us-*:111122223333:dbuser:*", false),
        ("arn:aws-cn:rds-db:*:*:dbuser:*", false),
        ("arn:aws:rds:*:*:dbuser:*", false),
    ] {
        assert_eq!(connect(resource), expected, "{resource}");
    }
}

#[test]
fn a_resource_of_fewer_parts_is_completed() {
    assert!(connect("arn:aws:rds-db"));
    assert!(connect("arn:aws:rds-db:eu-central-1:111122223333"));
    assert!(!connect("arn:aws:rds-db:us-east-1"));
}

// The example of the IAM User Guide, "Resource".
#[test]
fn a_star_spans_slashes() {
    let policy = identity(&json!({
        "Effect": "Allow", "Action": "s3:*", "Resource": "arn:aws:s3:::amzn-s3-demo-bucket/*/test/*",
    }));
    for (key, expected) in [
        ("1/test/object.jpg", Allowed),
        ("1/2/test/3/object.jpg", Allowed),
        ("1///test///object.jpg", Allowed),
        ("/test/object.jpg", Allowed),
        ("1/2/test/", Allowed),
        ("1-test/object.jpg", ImplicitlyDenied),
        ("test/object.jpg", ImplicitlyDenied),
        ("1/2/test.jpg", ImplicitlyDenied),
    ] {
        let resource = format!("arn:aws:s3:::amzn-s3-demo-bucket/{key}");
        assert_eq!(ask(&policy, "s3:GetObject", &resource), expected, "{key}");
    }
}

#[test]
fn only_a_star_covers_an_action_without_a_resource() {
    let context = Context::new();
    let request = Request {
        principal: ROLE_SESSION,
        action: "s3:ListAllMyBuckets",
        resource: None,
        context: &context,
    };
    for (resource, expected) in [("*", Allowed), ("arn:aws:s3:::*", ImplicitlyDenied)] {
        let policy = identity(
            &json!({"Effect": "Allow", "Action": "s3:*", "Resource": ["arn:aws:s3:::a", resource]}),
        );
        assert_eq!(
            decide(&[&policy], &request).decision,
            expected,
            "{resource}"
        );
    }
}

#[test]
fn before_2012_a_variable_is_plain_text() {
    for version in [r#""Version": "2008-10-17","#, ""] {
        let document = format!(
            r#"{{{version} "Statement": {{"Effect": "Allow", "Action": "s3:*", "Resource": "arn:aws:s3:::${{aws:username}}"}}}}"#
        );
        let policy = Policy::parse(PolicyKind::Identity, &document).unwrap();
        assert_eq!(
            ask(&policy, "s3:GetObject", "arn:aws:s3:::${aws:username}"),
            Allowed
        );
        assert_eq!(
            ask(&policy, "s3:GetObject", "arn:aws:s3:::bob"),
            ImplicitlyDenied
        );
    }
}

#[test]
fn the_id_of_a_policy_is_kept() {
    let document = r#"{"Id": "from the console", "Statement": {"Effect": "Deny", "Principal": "*", "Action": "*", "Resource": "*"}}"#;
    let policy = Policy::parse(PolicyKind::Resource, document).unwrap();
    assert_eq!(policy.id(), Some("from the console"));
    assert_eq!(policy.kind(), PolicyKind::Resource);
}
