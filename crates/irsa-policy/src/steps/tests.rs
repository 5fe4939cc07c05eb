//! Hostile policies and requests: input of twice the size costs at most twice the steps.

use serde_json::{Value, json};

use super::count;
use crate::{Context, Decision, Policy, PolicyKind, Principal, Request, decide, evaluate};

/// Returns the steps of a decision, with and without its explanation, for a policy with this statement.
fn steps(statement: &Value, resource: &str, context: &Context, expected: Decision) -> usize {
    let document = json!({"Version": "2012-10-17", "Statement": statement});
    let policy = Policy::parse(PolicyKind::Identity, &document.to_string()).unwrap();
    let request = Request {
        principal: Principal::Aws("arn:aws:sts::111122223333:assumed-role/app/pod-1"),
        action: "s3:GetObject",
        resource: Some(resource),
        context,
    };
    count(|| {
        assert_eq!(evaluate(&[&policy], &request), expected);
        assert_eq!(decide(&[&policy], &request).decision, expected);
    })
}

/// Fails if the steps grow faster than the size. A constant number of them is ignored.
fn check_growth(what: &str, size: usize, steps: impl Fn(usize) -> usize) {
    const CONSTANT: usize = 200;
    let (once, twice) = (steps(size), steps(2 * size));
    assert!(once > 0, "{what}: no step is counted");
    assert!(
        twice <= 2 * once + CONSTANT,
        "{what}: {once} steps for the size {size}, {twice} for twice the size"
    );
}

#[test]
fn wildcards_that_invite_backtracking() {
    let patterns: [fn(usize) -> String; 7] = [
        |size| "a*".repeat(size) + "b",
        |size| "*a".repeat(size) + "b",
        |size| "*a?".repeat(size) + "b",
        |size| "?*".repeat(size) + "b",
        |size| format!("*{}b*", "a?".repeat(size)),
        |size| format!("*{}b*", "a".repeat(size)),
        |size| "*".repeat(size) + "b",
    ];
    let denied = |pattern: &str, length: usize| {
        let statement = json!({
            "Effect": "Allow", "Action": "*", "Resource": format!("arn:aws:s3:::{pattern}"),
            "Condition": {"StringLike": {"a:k": pattern}},
        });
        let text = "a".repeat(length);
        let resource = format!("arn:aws:s3:::{text}");
        let context = Context::new().with("a:k", text.as_str());
        steps(&statement, &resource, &context, Decision::ImplicitlyDenied)
    };
    for pattern in patterns {
        let name = pattern(2);
        check_growth(&format!("text for {name}"), 10_000, |length| {
            denied(&pattern(1_000), length)
        });
        check_growth(&format!("pattern {name}"), 1_000, |size| {
            denied(&pattern(size), 10_000)
        });
    }
}

#[test]
fn colons_that_invite_shifting() {
    for pattern in ["*:*:*:x", "*:*:*:*x", "*:*a*:?*:?:x", "*a:*:*:a*:a*x"] {
        check_growth(pattern, 5_000, |colons| {
            let statement = json!({
                "Effect": "Allow", "Action": "*", "Resource": format!("arn:aws:s3:{pattern}"),
            });
            let resource = format!("arn:aws:s3:{}", "a:".repeat(colons));
            let context = Context::new();
            steps(&statement, &resource, &context, Decision::ImplicitlyDenied)
        });
    }
}

/// Filled in completely, the pattern would have the product of both sizes.
#[test]
fn variables_do_not_multiply() {
    let filled = |variables: usize, length: usize| {
        let statement = json!({
            "Effect": "Allow", "Action": "*", "Resource": "*",
            "Condition": {"StringLike": {"a:k": "${a:v}*".repeat(variables)}},
        });
        let context = Context::new()
            .with("a:v", "*".repeat(length))
            .with("a:k", "*".repeat(5_000));
        steps(
            &statement,
            "arn:aws:s3:::b",
            &context,
            Decision::ImplicitlyDenied,
        )
    };
    check_growth("variables", 1_000, |size| filled(size, 100));
    check_growth("their value", 100, |size| filled(1_000, size));
    check_growth("both", 100, |size| filled(10 * size, size));
}

#[test]
fn values_are_not_compared_with_each_other() {
    check_growth("values", 2_000, |size| {
        let values: Vec<String> = (0..size).map(|number| format!("v{number}")).collect();
        let statement = json!({
            "Effect": "Allow", "Action": "*", "Resource": "*",
            "Condition": {"ForAllValues:StringEquals": {"a:k": values}},
        });
        let mut context = Context::new();
        context.insert("a:k", values.iter().cloned());
        // Each value is found by a binary search.
        steps(&statement, "arn:aws:s3:::b", &context, Decision::Allowed) / size.ilog2() as usize
    });
}

#[test]
fn statements() {
    check_growth("statements", 1_000, |size| {
        let statement = |number| {
            json!({
                "Effect": "Allow", "Action": "s3:Get*", "Resource": format!("arn:aws:s3:::b{number:04}/*"),
                "Condition": {"StringLike": {"a:k": format!("*x*{number:04}")}},
            })
        };
        let statements: Vec<Value> = (0..size).map(statement).collect();
        let context = Context::new().with("a:k", "x-0");
        let resource = "arn:aws:s3:::other/k";
        steps(
            &statements.into(),
            resource,
            &context,
            Decision::ImplicitlyDenied,
        )
    });
}
