//! IAM User Guide, "IAM policy elements: Variables and tags".

use irsa_policy::{Context, Decision, Policy, PolicyKind, Request, decide};
use serde_json::{Value, json};

use crate::{ROLE_SESSION, identity};
use Decision::{Allowed, ExplicitlyDenied, ImplicitlyDenied};

fn ask(policy: &Policy, action: &str, resource: &str, context: &Context) -> Decision {
    let request = Request {
        principal: ROLE_SESSION,
        action,
        resource: Some(resource),
        context,
    };
    decide(&[policy], &request).decision
}

fn named(user: &str) -> Context {
    Context::new().with("aws:username", user)
}

// "Introduction".
#[test]
fn each_user_has_a_home_in_the_bucket() {
    let policy = identity(&json!([
        {"Action": ["s3:ListBucket"], "Effect": "Allow", "Resource": ["arn:aws:s3:::mybucket"],
         "Condition": {"StringLike": {"s3:prefix": ["${aws:username}/*"]}}},
        {"Action": ["s3:GetObject", "s3:PutObject"], "Effect": "Allow",
         "Resource": ["arn:aws:s3:::mybucket/${aws:username}/*"]},
    ]));
    let get = |key: &str, user| {
        let resource = format!("arn:aws:s3:::mybucket/{key}");
        ask(&policy, "s3:GetObject", &resource, &named(user))
    };
    assert_eq!(get("David/x", "David"), Allowed);
    assert_eq!(get("David/x", "Adele"), ImplicitlyDenied);
    let list = |prefix: &str| {
        let context = named("David").with("s3:prefix", prefix);
        ask(&policy, "s3:ListBucket", "arn:aws:s3:::mybucket", &context)
    };
    assert_eq!(list("David/"), Allowed);
    assert_eq!(list("Adele/"), ImplicitlyDenied);
}

// "Resource element".
#[test]
fn a_queue_of_ones_own_name() {
    let policy = identity(&json!({
        "Sid": "AllQueueActions", "Effect": "Allow", "Action": "sqs:*",
        "Resource": "arn:aws:sqs:us-east-2:*:${aws:username}-queue",
    }));
    let queue = "arn:aws:sqs:us-east-2:111122223333:bob-queue";
    assert_eq!(
        ask(&policy, "sqs:SendMessage", queue, &named("bob")),
        Allowed
    );
    assert_eq!(
        ask(&policy, "sqs:SendMessage", queue, &named("*")),
        ImplicitlyDenied
    );
}

// "Resource element", the example with three tags.
#[test]
fn several_variables_and_a_wildcard() {
    let policy = identity(&json!({
        "Sid": "AllowAccessBasedOnArnMatching", "Effect": "Allow",
        "Action": ["sns:CreateTopic", "sns:DeleteTopic"],
        "Resource": ["arn:aws:sns:*:*:${aws:PrincipalTag/access-project}-${aws:PrincipalTag/access-application}-${aws:PrincipalTag/access-environment}-*"],
    }));
    let tagged = |environment: &str| {
        Context::new()
            .with("aws:PrincipalTag/access-project", "p")
            .with("aws:PrincipalTag/access-application", "a")
            .with("aws:PrincipalTag/access-environment", environment)
    };
    let topic = "arn:aws:sns:eu-central-1:111122223333:p-a-prod-x";
    assert_eq!(
        ask(&policy, "sns:CreateTopic", topic, &tagged("prod")),
        Allowed
    );
    assert_eq!(
        ask(&policy, "sns:CreateTopic", topic, &tagged("dev")),
        ImplicitlyDenied
    );
}

// "Policy variables with no value".
#[test]
fn a_variable_without_value_is_equal_to_nothing() {
    let deny = json!({
        "Effect": "Deny", "Action": "s3:GetObject", "Resource": "arn:aws:s3:::amzn-s3-demo-bucket/*",
        "Condition": {"StringNotEquals": {"s3:ExistingObjectTag/Team": "${aws:PrincipalTag/Team}"}},
    });
    let policy = identity(&json!([
        {"Effect": "Allow", "Action": "s3:GetObject", "Resource": "*"}, deny,
    ]));
    let object = "arn:aws:s3:::amzn-s3-demo-bucket/o";
    let of_team = Context::new().with("s3:ExistingObjectTag/Team", "red");
    let member = of_team.clone().with("aws:PrincipalTag/Team", "red");
    assert_eq!(ask(&policy, "s3:GetObject", object, &member), Allowed);
    assert_eq!(
        ask(&policy, "s3:GetObject", object, &of_team),
        ExplicitlyDenied
    );
}

#[test]
fn a_resource_with_a_variable_without_value_matches_no_resource() {
    let policy = |element: &str, resources: Value| {
        identity(&json!({"Effect": "Allow", "Action": "*", element: resources}))
    };
    let ask = |policy: &Policy| ask(policy, "s3:GetObject", "arn:aws:s3:::b/", &Context::new());
    let with = "arn:aws:s3:::b/${aws:username}*";
    assert_eq!(ask(&policy("Resource", json!(with))), ImplicitlyDenied);
    assert_eq!(ask(&policy("NotResource", json!(with))), Allowed);
    let one_of_two = json!([with, "arn:aws:s3:::b/*"]);
    assert_eq!(ask(&policy("Resource", one_of_two)), Allowed);
}

/// Operator, the policy's value, whether it holds for `a:k` = `v`, the user `v` and no other key.
#[test]
fn conditions_take_variables_for_strings_and_arns() {
    let arn = "arn:aws:s3:::v";
    for (operator, wanted, was, expected) in [
        ("StringEquals", "${aws:username}", "v", true),
        ("StringEquals", "${aws:username}x", "vx", true),
        ("StringEquals", "${aws:userid}", "v", false),
        ("StringEquals", "${aws:userid}", "", false),
        ("StringEquals", "${aws:userid, 'v'}", "v", true),
        ("StringNotEquals", "${aws:userid}", "v", true),
        ("StringNotEquals", "${aws:username}", "v", false),
        ("StringNotLike", "${aws:userid}*", "v", true),
        ("StringEqualsIgnoreCase", "${aws:username}", "V", true),
        ("StringLike", "${aws:username}*", "v2", true),
        ("StringLike", "${*}", "v", false),
        ("StringEquals", "${*}${?}${$}", "*?$", true),
        ("ArnLike", "arn:aws:s3:::${aws:username}", arn, true),
        ("ArnEquals", "arn:${a:p, 'aws'}:s3:::v", arn, true),
        ("ArnEquals", "${a:arn, 'arn:aws:s3:::v'}", arn, true),
        ("ArnEquals", "${aws:username}", arn, false),
        ("ArnNotEquals", "arn:aws:s3:::${aws:userid}", arn, true),
        ("ForAnyValue:StringLike", "${aws:username}", "v", true),
    ] {
        let policy = identity(&json!({
            "Effect": "Allow", "Action": "*", "Resource": "*",
            "Condition": {operator: {"a:k": wanted}},
        }));
        let decision = ask(
            &policy,
            "s3:Get",
            "arn:aws:s3:::b",
            &named("v").with("a:k", was),
        );
        assert_eq!(
            decision == Allowed,
            expected,
            "{operator} {wanted} on {was}"
        );
    }
}

#[test]
fn one_unknown_variable_leaves_the_other_values_alone() {
    let policy = identity(&json!({
        "Effect": "Allow", "Action": "*", "Resource": "*",
        "Condition": {"StringEquals": {"a:k": ["${aws:userid}", "x"]}},
    }));
    let context = Context::new().with("a:k", "x");
    assert_eq!(ask(&policy, "s3:Get", "arn:aws:s3:::b", &context), Allowed);
}

// Only single-valued keys can be variables.
#[test]
fn a_key_of_several_values_is_no_variable() {
    let policy = identity(&json!({
        "Effect": "Allow", "Action": "*", "Resource": "arn:aws:s3:::${aws:TagKeys}",
    }));
    let mut context = Context::new();
    context.insert("aws:TagKeys", ["a".to_owned(), "a".to_owned()]);
    assert_eq!(
        ask(&policy, "s3:Get", "arn:aws:s3:::a", &context),
        ImplicitlyDenied
    );
}

#[test]
fn a_colon_in_a_value_is_text_in_the_last_part_only() {
    let policy = identity(&json!({
        "Effect": "Allow", "Action": "*", "Resource": "arn:aws:sqs:*:*:${a:name}",
    }));
    let context = Context::new().with("a:name", "x:y");
    for (queue, expected) in [
        ("arn:aws:sqs:r:1:x:y", Allowed),
        ("arn:aws:sqs:r:1:y", ImplicitlyDenied),
    ] {
        assert_eq!(ask(&policy, "sqs:Get", queue, &context), expected);
    }
}

// "Introduction", the note on `Version`.
#[test]
fn before_2012_variables_are_text_in_conditions_too() {
    let document = json!({"Statement": {
        "Effect": "Allow", "Action": "*", "Resource": "*",
        "Condition": {"StringEquals": {"a:k": "${aws:username}"}},
    }});
    let policy = Policy::parse(PolicyKind::Identity, &document.to_string()).unwrap();
    for (was, expected) in [("${aws:username}", Allowed), ("v", ImplicitlyDenied)] {
        let context = named("v").with("a:k", was);
        assert_eq!(ask(&policy, "s3:Get", "arn:aws:s3:::b", &context), expected);
    }
}
