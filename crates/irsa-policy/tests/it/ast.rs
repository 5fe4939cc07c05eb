//! Tests of the syntax tree of a policy.

use irsa_policy::{Effect, Policy, PolicyKind};

const TEXT: &str = r#"{
  "Version": "2012-10-17",
  "Statement": [{
    "Sid": "One",
    "Effect": "Deny",
    "Principal": {"AWS": ["111122223333", "arn:aws:iam::1:role/x"], "Service": "es.amazonaws.com"},
    "NotAction": "es:*",
    "NotResource": ["*"],
    "Condition": {"Bool": {"aws:SecureTransport": false}, "ForAnyValue:StringLike": {"aws:TagKeys": ["a", "b*"]}}
  }, {"Effect": "Allow", "Principal": "*", "Action": ["es:ESHttpGet"]}]
}"#;

fn policy() -> Policy {
    let text = TEXT.replace("::1:", "::444455556666:");
    Policy::parse(PolicyKind::Resource, &text).unwrap()
}

#[test]
fn elements_are_as_written_with_their_positions() {
    let policy = policy();
    let at = |span| policy.text().get(span).unwrap();
    let [first, second] = policy.statements().collect::<Vec<_>>()[..] else {
        panic!("two statements")
    };
    assert_eq!((first.sid(), first.effect()), (Some("One"), Effect::Deny));
    assert!(at(first.span()).starts_with("{\n    \"Sid\""));
    let principals = first.principals().unwrap();
    assert_eq!(principals.name, "Principal");
    assert_eq!(
        principals.values,
        [
            "111122223333",
            "arn:aws:iam::444455556666:role/x",
            "es.amazonaws.com"
        ]
    );
    assert_eq!(
        (first.actions().name, at(first.actions().span)),
        ("NotAction", "\"es:*\"")
    );
    assert_eq!(first.resources().map(|all| all.name), Some("NotResource"));
    assert_eq!((second.sid(), second.effect()), (None, Effect::Allow));
    assert_eq!(second.principals().unwrap().values, ["*"]);
    assert!(second.resources().is_none());
}

#[test]
fn conditions_are_key_by_key() {
    let policy = policy();
    let first = policy.statements().next().unwrap();
    let conditions: Vec<_> = first
        .conditions()
        .map(|one| {
            (
                one.operator,
                one.key,
                one.values.join(" "),
                policy.text().get(one.span).unwrap(),
            )
        })
        .collect();
    let expected = [
        ("Bool", "aws:SecureTransport", "false".to_owned(), "false"),
        (
            "ForAnyValue:StringLike",
            "aws:TagKeys",
            "a b*".to_owned(),
            "[\"a\", \"b*\"]",
        ),
    ];
    assert_eq!(conditions, expected);
    assert_eq!(policy.statements().nth(1).unwrap().conditions().count(), 0);
}

#[test]
fn a_context_lists_its_keys_in_lower_case() {
    let context = irsa_policy::Context::new().with("aws:SourceVpc", "v");
    let keys: Vec<_> = context.iter().collect();
    assert_eq!(keys, [("aws:sourcevpc", &["v".to_owned()][..])]);
}
