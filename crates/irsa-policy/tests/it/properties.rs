//! Properties of all policies and requests.

use irsa_policy::{Context, Decision, Policy, PolicyKind, Request, decide, evaluate};
use proptest::prelude::*;
use proptest::sample::{select, subsequence};
use serde_json::{Value, json};

use crate::{ROLE_SESSION, identity};

const ACTIONS: [&str; 6] = [
    "*",
    "s3:*",
    "s3:Get*",
    "S3:GetObject",
    "rds-db:connect",
    "s3:?etObject",
];
const RESOURCES: [&str; 5] = [
    "*",
    "arn:aws:s3:::a",
    "arn:aws:s3:::a/*",
    "arn:aws:s3:*:*:?/b",
    "arn:aws:rds-db:*:*:dbuser:*",
];
const OPERATORS: [&str; 8] = [
    "StringEquals",
    "StringNotEquals",
    "StringLikeIfExists",
    "StringNotLike",
    "ForAllValues:StringEquals",
    "ForAnyValue:StringNotLike",
    "ForAnyValue:StringLikeIfExists",
    "StringEqualsIgnoreCase",
];

/// A request: its action, resource and values of the key `a:k`.
type Asked = (&'static str, &'static str, Vec<String>);

fn asked() -> impl Strategy<Value = Asked> {
    let resources = [
        "arn:aws:s3:::a",
        "arn:aws:s3:::a/b",
        "arn:aws:rds-db:r:1:dbuser:c/u",
    ];
    let values = prop::collection::vec("[xyX]{0,2}", 0..3);
    (
        select(&["s3:GetObject", "s3:PutObject", "rds-db:connect"][..]),
        select(resources.to_vec()),
        values,
    )
}

fn condition() -> impl Strategy<Value = Value> {
    let values = prop::collection::vec("[xy*?]{0,2}", 1..3);
    let string = (select(&OPERATORS[..]), values)
        .prop_map(|(operator, values)| json!({operator: {"a:k": values}}));
    prop_oneof![
        3 => Just(json!({})),
        3 => string,
        1 => any::<bool>().prop_map(|absent| json!({"Null": {"A:K": absent}})),
    ]
}

fn statement() -> impl Strategy<Value = Value> {
    let actions = (any::<bool>(), subsequence(&ACTIONS[..], 1..3));
    let resources = (any::<bool>(), subsequence(&RESOURCES[..], 1..3));
    (
        select(&["Allow", "Allow", "Deny"][..]),
        actions,
        resources,
        condition(),
    )
        .prop_map(
            |(effect, (other_actions, actions), (other_resources, resources), condition)| {
                json!({
                    "Effect": effect,
                    (if other_actions { "NotAction" } else { "Action" }): actions,
                    (if other_resources { "NotResource" } else { "Resource" }): resources,
                    "Condition": condition,
                })
            },
        )
}

fn statements() -> impl Strategy<Value = Vec<Value>> {
    prop::collection::vec(statement(), 1..5)
}

fn answer(statements: &[Value], (action, resource, values): &Asked) -> Decision {
    let mut context = Context::new();
    context.insert("a:k", values.iter().cloned());
    let request = Request {
        principal: ROLE_SESSION,
        action,
        resource: Some(resource),
        context: &context,
    };
    let policy = identity(&json!(statements));
    let verdict = decide(&[&policy], &request);
    assert_eq!(verdict.decision, evaluate(&[&policy], &request));
    assert_eq!(
        verdict.by.is_none(),
        verdict.decision == Decision::ImplicitlyDenied
    );
    assert!(
        verdict
            .near_misses
            .iter()
            .all(|miss| !miss.mismatches.is_empty())
    );
    verdict.decision
}

fn with_effect(statement: &Value, effect: &str) -> Value {
    let mut statement = statement.clone();
    statement["Effect"] = effect.into();
    statement
}

proptest! {
    #[test]
    fn a_deny_that_matches_wins(statements in statements(), asked in asked()) {
        let denies: Vec<Value> = statements.iter().filter(|one| one["Effect"] == "Deny").cloned().collect();
        let denied = denies.iter().any(|deny| {
            answer(&[with_effect(deny, "Allow")], &asked) == Decision::Allowed
        });
        prop_assert_eq!(answer(&statements, &asked) == Decision::ExplicitlyDenied, denied);
    }

    #[test]
    fn another_deny_never_allows(statements in statements(), more in statement(), asked in asked()) {
        let before = answer(&statements, &asked);
        let after = answer(&[statements, vec![with_effect(&more, "Deny")]].concat(), &asked);
        prop_assert!(after != Decision::Allowed || before == Decision::Allowed);
    }

    #[test]
    fn another_allow_never_denies(statements in statements(), more in statement(), asked in asked()) {
        let before = answer(&statements, &asked);
        let after = answer(&[statements, vec![with_effect(&more, "Allow")]].concat(), &asked);
        prop_assert!(before != Decision::Allowed || after == Decision::Allowed);
    }

    #[test]
    fn the_order_of_statements_is_irrelevant(
        (statements, shuffled) in statements().prop_flat_map(|list| (Just(list.clone()), Just(list).prop_shuffle())),
        asked in asked(),
    ) {
        prop_assert_eq!(answer(&statements, &asked), answer(&shuffled, &asked));
    }

    #[test]
    fn one_policy_of_two_statements_is_two_policies(first in statement(), second in statement(), asked in asked()) {
        let (action, resource, values) = &asked;
        let mut context = Context::new();
        context.insert("A:K", values.iter().cloned());
        let request = Request { principal: ROLE_SESSION, action, resource: Some(resource), context: &context };
        let apart = [identity(&first), identity(&second)];
        prop_assert_eq!(
            evaluate(&[&apart[0], &apart[1]], &request),
            answer(&[first, second], &asked)
        );
    }

    #[test]
    fn not_action_is_the_complement_of_action(actions in subsequence(&ACTIONS[..], 1..3), asked in asked()) {
        let allowed = |element: &str| {
            let statement = json!({"Effect": "Allow", element: actions, "Resource": "*"});
            answer(&[statement], &asked) == Decision::Allowed
        };
        prop_assert_ne!(allowed("Action"), allowed("NotAction"));
    }

    #[test]
    fn not_resource_is_the_complement_of_resource(resources in subsequence(&RESOURCES[..], 1..3), asked in asked()) {
        let allowed = |element: &str| {
            let statement = json!({"Effect": "Allow", "Action": "*", element: resources});
            answer(&[statement], &asked) == Decision::Allowed
        };
        prop_assert_ne!(allowed("Resource"), allowed("NotResource"));
    }

    #[test]
    fn a_negated_operator_is_the_complement_of_its_positive(
        operators in select(&[
            ("StringEquals", "StringNotEquals"),
            ("StringLike", "StringNotLike"),
            ("StringEqualsIgnoreCase", "StringNotEqualsIgnoreCase"),
            ("ForAnyValue:StringLike", "ForAllValues:StringNotLike"),
            ("ForAllValues:StringEquals", "ForAnyValue:StringNotEquals"),
        ][..]),
        values in prop::collection::vec("[xyX*?]{0,2}", 1..3),
        asked in asked(),
    ) {
        let allowed = |operator: &str| {
            let condition = json!({operator: {"a:k": values}});
            let statement = json!({"Effect": "Allow", "Action": "*", "Resource": "*", "Condition": condition});
            answer(&[statement], &asked) == Decision::Allowed
        };
        prop_assert_ne!(allowed(operators.0), allowed(operators.1));
    }

    #[test]
    fn no_text_makes_the_parser_panic(text in r#"[{}\[\]",:\\a-z*0-9 ]{0,80}|\PC{0,80}"#) {
        _ = Policy::parse(PolicyKind::Identity, &text);
        _ = Policy::parse(PolicyKind::Trust, &text);
    }

    #[test]
    fn a_damaged_policy_never_makes_the_parser_panic(
        statements in statements(),
        at in any::<prop::sample::Index>(),
        damage in r#"[{}\[\]",:*$?\\]{0,3}"#,
    ) {
        let mut document: Vec<char> = json!({"Statement": statements}).to_string().chars().collect();
        let at = at.index(document.len());
        document.splice(at..=at, damage.chars());
        _ = Policy::parse(PolicyKind::Identity, &String::from_iter(document));
    }
}
