//! Near misses of a denial: their order and their texts.

use irsa_policy::{Context, PolicyKind, Request, Verdict, decide};
use serde_json::{Value, json};

use crate::{ROLE_SESSION, identity, policy};

const APP: &str = "arn:aws:rds-db:eu-central-1:111122223333:dbuser:cluster-ABC/app";

fn connect(statements: &Value, context: &Context) -> Verdict {
    let request = Request {
        principal: ROLE_SESSION,
        action: "rds-db:connect",
        resource: Some(APP),
        context,
    };
    decide(&[&identity(statements)], &request)
}

/// The texts of all mismatches of the only statement.
fn told(statement: &Value, context: &Context) -> String {
    let misses = connect(statement, context).near_misses;
    let told = misses
        .iter()
        .flat_map(|miss| &miss.mismatches)
        .map(ToString::to_string);
    told.collect::<Vec<_>>().join("; ")
}

fn told_condition(condition: &Value, context: &Context) -> String {
    let statement =
        json!({"Effect": "Allow", "Action": "*", "Resource": "*", "Condition": condition});
    told(&statement, context)
}

#[test]
fn near_misses_come_nearest_first() {
    let verdict = connect(
        &json!([
            {"Sid": "Three", "Effect": "Allow", "Action": "s3:*", "Resource": "arn:aws:s3:::b",
             "Condition": {"StringEquals": {"a:k": "x"}}},
            {"Sid": "Action", "Effect": "Allow", "Action": "s3:*", "Resource": "*"},
            {"Sid": "Deny", "Effect": "Deny", "Action": "s3:*", "Resource": "*"},
            {"Sid": "Resource", "Effect": "Allow", "Action": "rds-db:connect", "Resource": "arn:aws:rds-db:*:*:dbuser:x/app"},
            {"Sid": "Condition", "Effect": "Allow", "Action": "*", "Resource": "*",
             "Condition": {"StringEquals": {"a:k": "x"}}},
            {"Sid": "TwoKeys", "Effect": "Allow", "Action": "*", "Resource": "*",
             "Condition": {"StringEquals": {"a:k": "x", "a:l": "y", "a:m": "z"}}},
        ]),
        &Context::new().with("a:m", "z"),
    );
    let sids: Vec<_> = verdict
        .near_misses
        .iter()
        .filter_map(|miss| miss.statement.sid.as_deref())
        .collect();
    assert_eq!(
        sids,
        ["Condition", "Resource", "Action", "TwoKeys", "Three"]
    );
    let counts: Vec<_> = verdict
        .near_misses
        .iter()
        .map(|miss| miss.mismatches.len())
        .collect();
    assert_eq!(counts, [1, 1, 1, 2, 3]);
    assert_eq!(verdict.by, None);
}

#[test]
fn mismatches_of_actions_and_resources_have_texts() {
    assert_eq!(
        told(
            &json!({"Effect": "Allow", "Action": ["rds:connect", "s3:*"], "Resource": "arn:aws:s3:::b"}),
            &Context::new()
        ),
        "`Action` lists `rds:connect` or `s3:*`, but the request is for `rds-db:connect`; \
         `Resource` lists `arn:aws:s3:::b`, but the request is for \
         `arn:aws:rds-db:eu-central-1:111122223333:dbuser:cluster-ABC/app`"
    );
    assert_eq!(
        told(
            &json!({"Effect": "Allow", "NotAction": "rds-db:*", "Resource": "*"}),
            &Context::new()
        ),
        "`NotAction` excludes `rds-db:*`, but the request is for `rds-db:connect`"
    );
}

#[test]
fn mismatches_of_conditions_have_texts() {
    let context = Context::new().with("a:k", "x").with("a:b", "false");
    for (condition, expected) in [
        (
            json!({"StringEquals": {"a:k": ["y", "z"]}}),
            "condition `StringEquals` on `a:k` requires `y` or `z`, but the request has `x`",
        ),
        (
            json!({"StringLike": {"a:absent": "y"}}),
            "condition `StringLike` on `a:absent` requires `y`, but the request does not have this key",
        ),
        (
            json!({"StringNotEquals": {"a:k": "x"}}),
            "condition `StringNotEquals` on `a:k` requires any value except `x`, but the request has `x`",
        ),
        (
            json!({"ForAllValues:StringLike": {"a:k": "y"}}),
            "condition `ForAllValues:StringLike` on `a:k` requires only `y`, but the request has `x`",
        ),
        (
            json!({"ForAnyValue:StringNotEquals": {"a:k": "x"}}),
            "condition `ForAnyValue:StringNotEquals` on `a:k` requires a value other than `x`, but the request has `x`",
        ),
        (
            json!({"Null": {"a:k": "true"}}),
            "condition `Null` on `a:k` requires the key to be absent, but the request has `x`",
        ),
        (
            json!({"Null": {"a:absent": "false"}}),
            "condition `Null` on `a:absent` requires the key to be present, but the request does not have this key",
        ),
        (
            json!({"Bool": {"a:b": true}}),
            "condition `Bool` on `a:b` requires `true`, but the request has `false`",
        ),
    ] {
        assert_eq!(told_condition(&condition, &context), expected);
    }
}

#[test]
fn mismatches_of_principals_have_texts() {
    let statement = json!({
        "Effect": "Allow", "Action": "sts:AssumeRole",
        "Principal": {"AWS": "AROAEXAMPLEEXAMPLE123", "Service": "ec2.amazonaws.com"},
    });
    let request = Request {
        principal: ROLE_SESSION,
        action: "sts:AssumeRole",
        resource: None,
        context: &Context::new(),
    };
    let verdict = decide(&[&policy(PolicyKind::Trust, &statement)], &request);
    let mismatch = &verdict.near_misses[0].mismatches[0];
    assert_eq!(
        mismatch.to_string(),
        "`Principal` lists `AROAEXAMPLEEXAMPLE123` or `ec2.amazonaws.com`, \
         but the caller is `arn:aws:sts::111122223333:assumed-role/app/pod-1`"
    );
}

#[test]
fn only_the_nearest_of_many_near_misses_are_reported() {
    let far = json!({"Effect": "Allow", "Action": "s3:*", "Resource": "arn:aws:s3:::b"});
    let near = json!({"Sid": "Near", "Effect": "Allow", "Action": "rds:*", "Resource": "*"});
    let mut statements = vec![far; 100];
    statements.push(near);
    let misses = connect(&json!(statements), &Context::new()).near_misses;
    assert_eq!(misses.len(), 16);
    assert_eq!(misses[0].statement.sid.as_deref(), Some("Near"));
}
