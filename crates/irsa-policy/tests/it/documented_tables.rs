//! The tables of conditions in the IAM User Guide, each named by its page.

use irsa_policy::{Context, Decision, Request, decide};
use serde_json::{Value, json};

use crate::{ROLE_SESSION, identity};

/// Returns whether the condition holds for these keys; values are split at spaces.
fn holds(condition: &Value, keys: &[(&str, &str)]) -> bool {
    let mut context = Context::new();
    for (key, values) in keys {
        context.insert(key, values.split_whitespace().map(str::to_owned));
    }
    let policy = identity(&json!({
        "Effect": "Allow", "Action": "*", "Resource": "*", "Condition": condition,
    }));
    let request = Request {
        principal: ROLE_SESSION,
        action: "s3:ListBucket",
        resource: Some("arn:aws:s3:::amzn-s3-demo-bucket"),
        context: &context,
    };
    decide(&[&policy], &request).decision == Decision::Allowed
}

const DEPARTMENT: &str = "aws:PrincipalTag/department";
const TAG: &str = "aws:PrincipalTag/role";
const ARN: &str = "aws:PrincipalArn";
const MARY: &str = "arn:aws:iam::222222222222:user/Mary";
const NIKKI: &str = "arn:aws:iam::222222222222:user/Nikki";

/// Two tags, and one of two users, or neither of them.
fn department_role_and(operator: &str) -> Value {
    json!({
        "StringEquals": {DEPARTMENT: ["finance", "hr", "legal"], TAG: ["audit", "security"]},
        operator: {ARN: ["arn:aws:iam::222222222222:user/Ana", MARY]},
    })
}

// "Conditions with multiple context keys or values", the first table.
#[test]
fn evaluation_of_multiple_context_keys() {
    let condition = department_role_and("ArnLike");
    for (keys, expected) in [
        (
            &[(DEPARTMENT, "legal"), (TAG, "audit"), (ARN, MARY)][..],
            true,
        ),
        (&[(DEPARTMENT, "hr"), (TAG, "audit"), (ARN, NIKKI)], false),
        (&[(DEPARTMENT, "hr"), (TAG, "payroll"), (ARN, MARY)], false),
        (&[(DEPARTMENT, "hr"), (ARN, MARY)], false),
        (&[(ARN, MARY)], false),
    ] {
        assert_eq!(holds(&condition, keys), expected, "{keys:?}");
    }
}

// The same page, the table of negated operators.
#[test]
fn evaluation_of_negated_operators() {
    let condition = department_role_and("ArnNotLike");
    for (keys, expected) in [
        (
            &[(DEPARTMENT, "legal"), (TAG, "audit"), (ARN, NIKKI)][..],
            true,
        ),
        (&[(DEPARTMENT, "hr"), (TAG, "audit"), (ARN, MARY)], false),
        (&[(DEPARTMENT, "hr"), (TAG, "payroll"), (ARN, NIKKI)], false),
        (&[(DEPARTMENT, "hr"), (ARN, NIKKI)], false),
        (&[(ARN, NIKKI)], false),
    ] {
        assert_eq!(holds(&condition, keys), expected, "{keys:?}");
    }
}

// "Single-valued context key policy examples", the second.
#[test]
fn one_block_with_several_keys_and_values() {
    let cluster = |name: &str| format!("arn:aws:ecs:us-east-1:111122223333:cluster/{name}");
    let (one, two) = (cluster("default1"), cluster("default2"));
    let condition = json!({
        "StringEquals": {"aws:RequestTag/environment": ["production", "prod-backup"]},
        "ArnEquals": {"ecs:cluster": [one, two]},
    });
    for (keys, expected) in [
        (
            &[
                ("aws:RequestTag/environment", "production"),
                ("ecs:cluster", &*one),
            ][..],
            true,
        ),
        (
            &[
                ("aws:RequestTag/environment", "prod-backup"),
                ("ecs:cluster", &two),
            ],
            true,
        ),
        (
            &[
                ("aws:RequestTag/webserver", "production"),
                ("ecs:cluster", &two),
            ],
            false,
        ),
        (&[("ecs:cluster", &two)], false),
    ] {
        assert_eq!(holds(&condition, keys), expected, "{keys:?}");
    }
}

// The same page, the first example.
#[test]
fn a_volume_with_a_project_and_not_in_production() {
    let project = json!({"StringLike": {"aws:RequestTag/project": "*"}});
    let environment = json!({"StringNotEquals": {"aws:ResourceTag/environment": "production"}});
    let tags = [
        ("aws:RequestTag/project", "Feature3"),
        ("aws:ResourceTag/environment", "QA"),
    ];
    assert!(holds(&project, &tags) && holds(&environment, &tags));
    assert!(!holds(&project, &tags[1..]));
    let production = [("aws:ResourceTag/environment", "production")];
    assert!(!holds(&environment, &production));
}

// "Multivalued context key examples", all tables.
#[test]
fn keys_of_several_values() {
    let none_of = |values: Value| json!({"ForAllValues:StringNotLike": {"aws:TagKeys": values}});
    let one = none_of(json!("key1*"));
    let two = none_of(json!(["key1*", "key2*"]));
    let any = json!({"ForAnyValue:StringEquals": {"aws:TagKeys": "webserver"}});
    for (condition, values, expected) in [
        (&one, "key1:legal", false),
        (&one, "key1:hr key1:personnel", false),
        (&one, "key2:audit", true),
        (&one, "", true),
        (&two, "key1:legal", false),
        (&two, "key1:hr key1:personnel", false),
        (&two, "key1:hr key2:audit", false),
        (&two, "key3:legal", true),
        (&two, "", true),
        (&any, "webserver", true),
        (&any, "environment webserver test", true),
        (&any, "environment test", false),
        (&any, "", false),
    ] {
        assert_eq!(
            holds(condition, &[("aws:TagKeys", values)]),
            expected,
            "{condition} on {values}"
        );
    }
}
