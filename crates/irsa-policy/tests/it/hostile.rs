//! Hostile policies and requests.

use std::fmt::Write as _;

use irsa_policy::{Context, Decision, Policy, PolicyKind, Request, decide, evaluate};

use crate::ROLE_SESSION;

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
