//! Hostile policies and requests: their cost is proportional to their size.

use std::fmt::Write as _;
use std::time::{Duration, Instant};

use irsa_policy::{Context, Decision, Policy, PolicyKind, Request, decide, evaluate};
use serde_json::json;

use crate::{ROLE_SESSION, identity};

/// A limit for an unoptimized build on a busy machine.
const LIMIT: Duration = Duration::from_secs(10);

fn ask(policy: &Policy, resource: &str, context: &Context) -> Decision {
    let request = Request {
        principal: ROLE_SESSION,
        action: "s3:GetObject",
        resource: Some(resource),
        context,
    };
    assert_eq!(
        decide(&[policy], &request).decision,
        evaluate(&[policy], &request)
    );
    evaluate(&[policy], &request)
}

fn within_limit(what: &str, work: impl FnOnce()) {
    let started = Instant::now();
    work();
    let took = started.elapsed();
    assert!(took < LIMIT, "{what}: {took:?}");
}

#[test]
fn a_policy_of_a_megabyte_is_parsed_and_evaluated() {
    let mut statements = String::new();
    for number in 0..6_000 {
        let comma = if number == 0 { "" } else { "," };
        write!(
            statements,
            r#"{comma}{{"Sid": "S{number}", "Effect": "Allow", "Action": "s3:Get*", "Resource": "arn:aws:s3:::b{number}/*", "Condition": {{"StringLike": {{"a:k": "*x*{number}"}}}}}}"#
        )
        .unwrap();
    }
    let text = format!(r#"{{"Version": "2012-10-17", "Statement": [{statements}]}}"#);
    assert!(text.len() > 800_000, "{}", text.len());
    within_limit("a large policy", || {
        let policy = Policy::parse(PolicyKind::Identity, &text).unwrap();
        let context = Context::new().with("a:k", "x-5999");
        assert_eq!(
            ask(&policy, "arn:aws:s3:::b5999/k", &context),
            Decision::Allowed
        );
        assert_eq!(
            ask(&policy, "arn:aws:s3:::b6000/k", &context),
            Decision::ImplicitlyDenied
        );
    });
}

#[test]
fn wildcards_that_invite_backtracking_cost_nothing() {
    let long = "a".repeat(50_000);
    for pattern in [
        "a*".repeat(10_000) + "b",
        "*a?".repeat(5_000) + "b",
        "?*".repeat(10_000) + "b",
        format!("*{}b*", "a?".repeat(20_000)),
        "*".repeat(100_000) + "b",
    ] {
        within_limit(&pattern[..8], || {
            let policy = identity(&json!({
                "Effect": "Allow", "Action": "*", "Resource": format!("arn:aws:s3:::{pattern}"),
                "Condition": {"StringLike": {"a:k": pattern}},
            }));
            let resource = format!("arn:aws:s3:::{long}");
            let context = Context::new().with("a:k", long.as_str());
            assert_eq!(
                ask(&policy, &resource, &context),
                Decision::ImplicitlyDenied
            );
        });
    }
}

#[test]
fn colons_that_invite_shifting_cost_nothing() {
    let colons = "a:".repeat(50_000);
    within_limit("colons", || {
        for pattern in ["*:*:*:x", "*:*:*:*x", "*:*a*:?*:?:x", "*a:*:*:a*:a*x"] {
            let policy = identity(&json!({
                "Effect": "Allow", "Action": "*", "Resource": format!("arn:aws:s3:{pattern}"),
            }));
            let resource = format!("arn:aws:s3:{colons}");
            assert_eq!(
                ask(&policy, &resource, &Context::new()),
                Decision::ImplicitlyDenied
            );
        }
    });
}

#[test]
fn variables_do_not_multiply() {
    let value = "*".repeat(10_000);
    let pattern = "${a:v}*".repeat(100_000);
    within_limit("variables", || {
        let policy = identity(&json!({
            "Effect": "Allow", "Action": "*", "Resource": "*",
            "Condition": {"StringLike": {"a:k": pattern}},
        }));
        let context = Context::new()
            .with("a:v", value.as_str())
            .with("a:k", "*".repeat(500_000));
        assert_eq!(
            ask(&policy, "arn:aws:s3:::b", &context),
            Decision::ImplicitlyDenied
        );
    });
}

#[test]
fn many_keys_and_values_cost_their_number() {
    let values: Vec<String> = (0..20_000).map(|number| format!("v{number}")).collect();
    within_limit("values", || {
        let policy = identity(&json!({
            "Effect": "Allow", "Action": "*", "Resource": "*",
            "Condition": {"ForAllValues:StringEquals": {"a:k": values}},
        }));
        let mut context = Context::new();
        context.insert("a:k", values[19_000..].iter().cloned());
        assert_eq!(ask(&policy, "arn:aws:s3:::b", &context), Decision::Allowed);
    });
}

#[test]
fn escapes_are_read_before_names_are_compared() {
    let document = r#"{"Statement": {"Effect": "Deny", "\u0045ffect": "Allow", "Action": "*", "Resource": "*"}}"#;
    let error = Policy::parse(PolicyKind::Identity, document).unwrap_err();
    assert_eq!(error.to_string(), "`Statement`: duplicate key `Effect`");
}

#[test]
fn half_a_surrogate_pair_and_control_characters_are_no_text() {
    for action in [r"s3:\ud800", r"s3:\udc00\ud800", r"s3:\u12", "s3:\u{1}"] {
        let document = format!(
            r#"{{"Statement": {{"Effect": "Allow", "Action": "{action}", "Resource": "*"}}}}"#
        );
        let error = Policy::parse(PolicyKind::Identity, &document).unwrap_err();
        assert!(error.to_string().starts_with("not valid JSON"), "{error}");
    }
}

// IAM User Guide, "IAM and AWS STS quotas", "IAM name requirements".
#[test]
fn a_policy_of_iam_has_latin_characters_only() {
    let document = |value: &str| {
        format!(
            r#"{{"Statement": {{"Effect": "Allow", "Principal": "*", "Action": "sts:*", "Condition": {{"StringEquals": {{"a:k": "{value}"}}}}}}}}"#
        )
    };
    assert!(Policy::parse(PolicyKind::Trust, &document("é")).is_ok());
    let error = Policy::parse(PolicyKind::Trust, &document("€")).unwrap_err();
    assert_eq!(
        error.to_string(),
        r"the character `\u{20ac}` is not allowed in a policy"
    );
    assert!(Policy::parse(PolicyKind::Resource, &document("€")).is_ok());
}
