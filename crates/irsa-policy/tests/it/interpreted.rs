//! Compares compiled policies with the naive evaluator, and tests properties of all layers together.

use std::collections::BTreeMap;

use irsa_policy::{Context, Decision, Layer, PolicyDocuments, Principal, Reason, Request};
use proptest::prelude::*;
use proptest::sample::{select, subsequence};
use proptest::strategy::ValueTree as _;
use proptest::test_runner::TestRunner;
use serde_json::{Value, json};

use crate::reference::{self, Asked, Layers};

const ACTIONS: [&str; 6] = [
    "*",
    "s3:*",
    "s3:Get*",
    "S3:GETOBJECT",
    "s3:?etObject",
    "sqs:*",
];
const PRINCIPALS: [&str; 7] = [
    "*",
    "111111111111",
    "222222222222",
    "arn:aws:iam::111111111111:user/u",
    "arn:aws:iam::111111111111:role/r",
    "arn:aws:sts::111111111111:assumed-role/r/s",
    "arn:aws:sts::222222222222:assumed-role/r/s",
];
const RESOURCES: [&str; 9] = [
    "*",
    "arn:aws:s3:r:111111111111:a/*",
    "arn:*:s3:*:*:?/b",
    "arn:aws:s3:*:*:a/${a:k}",
    "arn:aws:s3:r:1*:*",
    "arn:aws:s3:*1:*:b:*",
    "arn:aws:s3:r:*:${a:l, 'a'}/${a:k}*",
    "arn:aws:sqs:*:*:*",
    "arn:aws:s3:*:b:c",
];
const STRINGS: [&str; 8] = [
    "x",
    "X*",
    "x?",
    "",
    "${a:l}",
    "${a:l, 'x'}*",
    "${*}",
    "*${?}",
];
const NUMBERS: [&str; 5] = ["-1", "0", "1", "2020-01-02", "2020-01-31"];

fn operator(names: &'static [&'static str]) -> impl Strategy<Value = String> {
    let prefix = select(&["", "", "ForAllValues:", "ForAnyValue:"][..]);
    let suffix = select(&["", "", "IfExists"][..]);
    (prefix, select(names), suffix)
        .prop_map(|(prefix, name, suffix)| format!("{prefix}{name}{suffix}"))
}

fn block(
    names: &'static [&'static str],
    values: &'static [&'static str],
) -> impl Strategy<Value = Value> {
    let key = select(&["a:k", "A:L"][..]);
    (operator(names), key, subsequence(values, 1..3))
        .prop_map(|(operator, key, values)| json!({operator: {key: values}}))
}

fn condition() -> impl Strategy<Value = Value> {
    prop_oneof![
        12 => Just(json!({})),
        4 => block(&["StringEquals", "StringNotEquals", "StringLike", "StringNotLike", "StringEqualsIgnoreCase"], &STRINGS),
        1 => block(&["NumericEquals", "NumericNotEquals", "NumericLessThan", "NumericGreaterThanEquals"], &NUMBERS[..3]),
        1 => block(&["DateEquals", "DateNotEquals", "DateLessThanEquals", "DateGreaterThan"], &NUMBERS[3..]),
        1 => block(&["IpAddress", "NotIpAddress"], &["10.0.0.0/8", "10.1.2.3", "0.0.0.0/0", "11.0.0.0/7"]),
        1 => block(&["Bool"], &["true", "False"]),
        1 => block(&["ArnLike", "ArnNotEquals"], &["arn:aws:s3:::*", "arn:*:s?:r:*:b", "arn:aws:${a:l}:r:1:b"]),
        1 => any::<bool>().prop_map(|absent| json!({"Null": {"a:k": absent}})),
    ]
}

fn statement(with_principal: bool) -> impl Strategy<Value = Value> {
    let actions = (prop::bool::weighted(0.2), subsequence(&ACTIONS[..], 1..4));
    let resources = (prop::bool::weighted(0.2), subsequence(&RESOURCES[..], 1..5));
    let effect = select(&["Allow", "Allow", "Allow", "Allow", "Allow", "Deny"][..]);
    (
        effect,
        actions,
        resources,
        condition(),
        subsequence(&PRINCIPALS[..], 1..3),
    )
        .prop_map(
            move |(
                effect,
                (not_action, actions),
                (not_resource, resources),
                condition,
                principals,
            )| {
                let mut statement = json!({
                    "Effect": effect,
                    (if not_action { "NotAction" } else { "Action" }): actions,
                    (if not_resource { "NotResource" } else { "Resource" }): resources,
                    "Condition": condition,
                });
                if with_principal {
                    statement["Principal"] = json!({"AWS": principals});
                }
                statement
            },
        )
}

fn statements(with_principal: bool) -> impl Strategy<Value = Vec<Value>> {
    prop::collection::vec(statement(with_principal), 1..4)
}

fn layers() -> impl Strategy<Value = Layers> {
    (
        statements(false),
        prop::option::of(statements(true)),
        prop::option::weighted(0.3, statements(false)),
        prop::option::weighted(0.3, statements(false)),
        prop::collection::vec(statements(false), 0..3),
    )
        .prop_map(|(identity, resource, boundary, session, control)| Layers {
            identity,
            resource,
            boundary,
            session,
            control,
        })
}

fn asked() -> impl Strategy<Value = Asked> {
    let value = select(
        &[
            "x",
            "X1",
            "",
            "a",
            "s3",
            "0",
            "1",
            "-1",
            "2020-01-02",
            "10.1.2.3",
            "12.0.0.1",
            "TRUE",
            "false",
            "arn:aws:s3:r:1:b",
            "*",
        ][..],
    );
    let values = || prop::collection::vec(value.clone().prop_map(str::to_owned), 0..3);
    let resource = select(
        &[
            "arn:aws:s3:r:111111111111:a/b",
            "arn:aws:s3:r:222222222222:a/x",
            "arn:aws:s3:r1:111111111111:a:b:c",
            "arn:aws:sqs:r:111111111111:q",
        ][..],
    );
    (
        select(&PRINCIPALS[3..])
            .prop_filter("roles call by sessions", |name| !name.contains(":role/")),
        select(&["s3:GetObject", "s3:PutObject", "sqs:Send"][..]),
        resource,
        values(),
        values(),
    )
        .prop_map(|(principal, action, resource, k, l)| Asked {
            principal: principal.to_owned(),
            action: action.to_owned(),
            resource: resource.to_owned(),
            keys: BTreeMap::from([("a:k".to_owned(), k), ("a:l".to_owned(), l)]),
        })
}

/// Returns whether each statement is a separate policy, or all statements of a layer are one policy.
fn documents(layers: &Layers, apart: bool) -> PolicyDocuments {
    let mut documents = PolicyDocuments::new();
    let mut add = |layer, statements: &[Value]| {
        let document = |statements: &[Value]| {
            json!({"Version": "2012-10-17", "Statement": statements}).to_string()
        };
        let texts: Vec<String> = if apart && layer != Layer::Resource {
            statements.chunks(1).map(document).collect()
        } else {
            vec![document(statements)]
        };
        documents
            .add(layer, "s3:", texts.iter().map(String::as_str))
            .unwrap();
    };
    add(Layer::Identity, &layers.identity);
    for (layer, statements) in [
        (Layer::Resource, &layers.resource),
        (Layer::Boundary, &layers.boundary),
        (Layer::Session, &layers.session),
    ] {
        if let Some(statements) = statements {
            add(layer, statements);
        }
    }
    for (level, statements) in layers.control.iter().enumerate() {
        add(Layer::ServiceControl(level), statements);
    }
    documents
}

fn answer(layers: &Layers, asked: &Asked, apart: bool) -> Decision {
    let mut context = Context::new();
    for (key, values) in &asked.keys {
        context.insert(key, values.iter().cloned());
    }
    let request = Request {
        principal: Principal::Aws(&asked.principal),
        action: &asked.action,
        resource: Some(&asked.resource),
        context: &context,
    };
    let documents = documents(layers, apart);
    let outcome = documents.set().decide(&request);
    assert_eq!(outcome.decision, documents.set().evaluate(&request));
    assert_eq!(
        outcome.decision,
        match outcome.reason {
            Reason::Denies(_) => Decision::ExplicitlyDenied,
            Reason::NothingAllows(_) => Decision::ImplicitlyDenied,
            _ => Decision::Allowed,
        }
    );
    outcome.decision
}

/// Without this, the properties below would show little.
#[test]
fn the_generated_requests_meet_every_decision() {
    let mut runner = TestRunner::deterministic();
    let mut met = [0; 3];
    for _ in 0..400 {
        let (layers, asked) = (layers(), asked()).new_tree(&mut runner).unwrap().current();
        met[match answer(&layers, &asked, false) {
            Decision::Allowed => 0,
            Decision::ImplicitlyDenied => 1,
            Decision::ExplicitlyDenied => 2,
        }] += 1;
    }
    assert!(met.iter().all(|count| *count > 20), "{met:?}");
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(512))]

    #[test]
    fn compiled_policies_say_what_their_text_says(layers in layers(), asked in asked()) {
        prop_assert_eq!(answer(&layers, &asked, false), reference::decide(&layers, &asked));
    }

    #[test]
    fn one_layer_in_one_policy_or_in_many_is_the_same(layers in layers(), asked in asked()) {
        prop_assert_eq!(answer(&layers, &asked, false), answer(&layers, &asked, true));
    }

    #[test]
    fn a_deny_that_matches_wins_in_whatever_layer(layers in layers(), asked in asked(), layer in 0..5_usize) {
        let all = json!({"Effect": "Deny", "Action": "*", "Resource": "*"});
        let mut layers = layers;
        match layer {
            0 => layers.identity.push(all),
            1 => {
                let mut all = all;
                all["Principal"] = json!("*");
                layers.resource.get_or_insert_default().push(all);
            }
            2 => layers.boundary.get_or_insert_default().push(all),
            3 => layers.session.get_or_insert_default().push(all),
            _ => layers.control.push(vec![all]),
        }
        prop_assert_eq!(answer(&layers, &asked, false), Decision::ExplicitlyDenied);
    }

    #[test]
    fn another_deny_or_another_limit_never_allows(layers in layers(), more in statement(false), asked in asked(), layer in 0..4_usize) {
        let before = answer(&layers, &asked, false);
        let mut deny = more.clone();
        deny["Effect"] = json!("Deny");
        let mut limited = layers;
        match layer {
            0 => limited.identity.push(deny),
            1 if limited.boundary.is_none() => limited.boundary = Some(vec![more]),
            2 if limited.session.is_none() => limited.session = Some(vec![more]),
            _ => limited.control.push(vec![more]),
        }
        let after = answer(&limited, &asked, false);
        prop_assert!(after != Decision::Allowed || before == Decision::Allowed);
    }

    #[test]
    fn the_order_of_statements_and_levels_is_irrelevant(layers in layers(), asked in asked()) {
        let mut reversed = layers.clone();
        reversed.identity.reverse();
        reversed.control.reverse();
        let optional = [&mut reversed.resource, &mut reversed.boundary, &mut reversed.session];
        for list in optional.into_iter().flatten() {
            list.reverse();
        }
        prop_assert_eq!(answer(&layers, &asked, false), answer(&reversed, &asked, true));
    }
}
