//! Condition operators (IAM User Guide, "Condition operators", "Condition with multiple context keys or values",
//! "Single-valued vs. multivalued context keys").

use irsa_policy::{Context, Decision, Request, decide};
use serde_json::{Value, json};

use crate::{ROLE_SESSION, identity};

/// Operator, the policy's values, the request's values, whether the condition holds. Values are split at spaces; no
/// value is an absent key.
type Case = (&'static str, &'static str, &'static str, bool);

fn check(cases: &[Case]) {
    for &(operator, wanted, was, expected) in cases {
        let wanted: Vec<&str> = wanted.split(' ').collect();
        let condition = json!({operator: {"a:k": wanted}});
        let mut context = Context::new();
        context.insert("a:k", was.split_whitespace().map(str::to_owned));
        assert_eq!(
            holds(&condition, &context),
            expected,
            "{condition} on `{was}`"
        );
    }
}

fn holds(condition: &Value, context: &Context) -> bool {
    let policy = identity(
        &json!({"Effect": "Allow", "Action": "*", "Resource": "*", "Condition": condition}),
    );
    let request = Request {
        principal: ROLE_SESSION,
        action: "s3:GetObject",
        resource: Some("arn:aws:s3:::b/k"),
        context,
    };
    decide(&[&policy], &request).decision == Decision::Allowed
}

#[test]
fn string_operators_are_case_sensitive_by_default() {
    check(&[
        ("StringEquals", "x", "x", true),
        ("StringEquals", "x", "X", false),
        ("StringEquals", "x", "xy", false),
        ("StringNotEquals", "x", "X", true),
        ("StringEqualsIgnoreCase", "x", "X", true),
        ("StringEqualsIgnoreCase", "É", "é", true),
        ("StringNotEqualsIgnoreCase", "x", "X", false),
        ("StringLike", "X*", "xy", false),
    ]);
}

#[test]
fn only_like_has_wildcards() {
    check(&[
        ("StringEquals", "x*", "xy", false),
        ("StringEquals", "x*", "x*", true),
        ("StringEqualsIgnoreCase", "x?", "xy", false),
        ("StringLike", "x*", "xy", true),
        ("StringLike", "x?", "x", false),
        ("StringNotLike", "x*", "xy", false),
    ]);
}

#[test]
fn several_values_are_an_or_and_for_negated_operators_a_nor() {
    check(&[
        ("StringEquals", "x y", "y", true),
        ("StringEquals", "x y", "z", false),
        ("StringNotEquals", "x y", "y", false),
        ("StringNotEquals", "x y", "z", true),
        ("StringNotLike", "x* y*", "yz", false),
    ]);
}

#[test]
fn several_keys_and_several_operators_are_an_and() {
    let condition = json!({"StringEquals": {"a:k": "x", "a:l": "y"}, "StringLike": {"a:m": "z*"}});
    let context = Context::new()
        .with("a:k", "x")
        .with("a:l", "y")
        .with("a:m", "z1");
    assert!(holds(&condition, &context));
    for key in ["a:k", "a:l", "a:m"] {
        assert!(
            !holds(&condition, &context.clone().with(key, "other")),
            "{key}"
        );
    }
}

#[test]
fn keys_are_the_same_in_upper_and_lower_case() {
    let context = Context::new().with("aws:sourcevpc", "v");
    assert!(holds(
        &json!({"StringEquals": {"AWS:SourceVPC": "v"}}),
        &context
    ));
}

#[test]
fn an_absent_key_fails_all_but_negated_operators() {
    check(&[
        ("StringEquals", "x", "", false),
        ("StringLike", "*", "", false),
        ("ArnLike", "arn:aws:s3:::*", "", false),
        ("Bool", "false", "", false),
        ("StringNotEquals", "x", "", true),
        ("StringNotLike", "*", "", true),
        ("ArnNotEquals", "arn:aws:s3:::b", "", true),
        ("ArnNotLike", "arn:aws:s3:::*", "", true),
    ]);
}

#[test]
fn if_exists_makes_a_difference_for_an_absent_key_only() {
    check(&[
        ("StringEqualsIfExists", "x", "", true),
        ("StringEqualsIfExists", "x", "x", true),
        ("StringEqualsIfExists", "x", "y", false),
        ("StringNotEqualsIfExists", "x", "", true),
        ("StringNotEqualsIfExists", "x", "x", false),
        ("ArnEqualsIfExists", "arn:aws:s3:::b", "", true),
        ("BoolIfExists", "true", "", true),
        ("BoolIfExists", "true", "false", false),
    ]);
}

#[test]
fn null_asks_whether_the_key_is_absent() {
    check(&[
        ("Null", "true", "", true),
        ("Null", "true", "x", false),
        ("Null", "false", "", false),
        ("Null", "False", "x", true),
        ("Null", "true false", "x", true),
    ]);
}

#[test]
fn booleans_are_the_same_in_upper_and_lower_case() {
    check(&[
        ("Bool", "true", "True", true),
        ("Bool", "FALSE", "false", true),
        ("Bool", "true", "false", false),
        ("Bool", "false", "0", false),
    ]);
}

#[test]
fn unquoted_values_are_their_text() {
    let context = Context::new().with("a:n", "7").with("a:b", "true");
    assert!(holds(
        &json!({"StringEquals": {"a:n": 7, "a:b": true}}),
        &context
    ));
    assert!(holds(
        &json!({"Bool": {"a:b": [true]}, "Null": {"a:b": false}}),
        &context
    ));
}

// The first value is the example of the IAM User Guide, "ARN condition operators".
#[test]
fn arns_are_compared_part_by_part() {
    let finance = "arn:aws:someservice:*:111122223333:finance/*";
    let sly =
        "arn:aws:someservice:us-east-2:999999999999:store/abc:111122223333:finance/document.txt";
    check(&[
        ("StringLike", finance, sly, true),
        ("ArnLike", finance, sly, false),
        ("ArnEquals", finance, sly, false),
        ("ArnNotLike", finance, sly, true),
        (
            "ArnLike",
            finance,
            "arn:aws:someservice:r:111122223333:finance/a:b",
            true,
        ),
        (
            "ArnEquals",
            "arn:aws:sns:*:1:t?",
            "arn:aws:sns:eu-west-1:1:t1",
            true,
        ),
        ("ArnLike", "arn:aws:s3:::B", "arn:aws:s3:::b", false),
        ("ArnLike", "arn:*:*:*:*:*", "no-arn", false),
        ("ArnNotLike", "arn:*:*:*:*:*", "no-arn", true),
    ]);
}

#[test]
fn for_all_values_requires_every_value_and_holds_without_values() {
    check(&[
        ("ForAllValues:StringEquals", "env team", "env team", true),
        ("ForAllValues:StringEquals", "env team", "env", true),
        ("ForAllValues:StringEquals", "env team", "env cost", false),
        ("ForAllValues:StringEquals", "env team", "", true),
    ]);
}

// The table of the IAM User Guide, "Multivalued context key examples".
#[test]
fn negated_for_all_values_requires_that_no_value_matches() {
    check(&[
        ("ForAllValues:StringNotLike", "key1*", "key1:legal", false),
        (
            "ForAllValues:StringNotLike",
            "key1*",
            "key1:hr key1:personnel",
            false,
        ),
        ("ForAllValues:StringNotLike", "key1*", "key2:audit", true),
        (
            "ForAllValues:StringNotLike",
            "key1*",
            "key1:hr key2:audit",
            false,
        ),
        ("ForAllValues:StringNotLike", "key1*", "", true),
    ]);
}

#[test]
fn for_any_value_requires_one_value_and_fails_without_values() {
    check(&[
        ("ForAnyValue:StringEquals", "env team", "cost team", true),
        ("ForAnyValue:StringEquals", "env team", "cost", false),
        ("ForAnyValue:StringEquals", "env team", "", false),
        ("ForAnyValue:StringNotEquals", "env team", "cost team", true),
        ("ForAnyValue:StringNotEquals", "env team", "env team", false),
        ("ForAnyValue:StringNotEquals", "env team", "", false),
    ]);
}

#[test]
fn if_exists_goes_with_the_set_operators() {
    check(&[
        ("ForAnyValue:StringLikeIfExists", "x*", "", true),
        ("ForAnyValue:StringLikeIfExists", "x*", "y", false),
        ("ForAllValues:BoolIfExists", "true", "", true),
        ("ForAllValues:BoolIfExists", "true", "false", false),
    ]);
}

#[test]
fn an_empty_string_is_no_value_to_the_set_operators_only() {
    let context = Context::new().with("a:k", "");
    for (operator, expected) in [
        ("ForAllValues:StringEquals", true),
        ("ForAnyValue:StringNotEquals", false),
        ("StringNotEquals", true),
    ] {
        assert_eq!(
            holds(&json!({operator: {"a:k": "x"}}), &context),
            expected,
            "{operator}"
        );
    }
    assert!(holds(&json!({"StringEquals": {"a:k": ""}}), &context));
}

#[test]
fn without_a_set_operator_one_of_several_values_is_enough_and_one_too_many() {
    check(&[
        ("StringEquals", "x", "y x", true),
        ("StringNotEquals", "x", "y x", false),
    ]);
}

#[test]
fn numbers_are_compared_as_numbers() {
    check(&[
        ("NumericEquals", "10", "10.0", true),
        ("NumericEquals", "10 20", "20", true),
        ("NumericNotEquals", "10", "10", false),
        ("NumericNotEquals", "10 20", "15", true),
        ("NumericLessThan", "10", "9", true),
        ("NumericLessThan", "10", "10", false),
        ("NumericLessThanEquals", "10", "10", true),
        ("NumericGreaterThan", "9", "10", true),
        ("NumericGreaterThan", "-1", "-2", false),
        ("NumericGreaterThanEquals", "1.5", "1.50", true),
        ("NumericLessThan", "10", "nine", false),
    ]);
}

#[test]
fn dates_are_compared_as_points_in_time() {
    check(&[
        (
            "DateEquals",
            "2020-01-01",
            "2020-01-01T01:00:00+01:00",
            true,
        ),
        ("DateEquals", "1577836800", "2020-01-01T00:00:00Z", true),
        ("DateNotEquals", "2020-01-01", "2020-01-02", true),
        ("DateLessThan", "2020-01-02", "2020-01-01", true),
        ("DateLessThanEquals", "2020-01-01", "2020-01-01", true),
        ("DateGreaterThan", "2020-01-01", "2020-01-01", false),
        ("DateGreaterThanEquals", "2020-01-01", "2020-01-01", true),
        ("DateLessThan", "2020-01-02", "today", false),
    ]);
}

#[test]
fn addresses_are_compared_with_ranges() {
    check(&[
        ("IpAddress", "10.0.0.0/8 192.0.2.1", "10.255.0.1", true),
        ("IpAddress", "10.0.0.0/8 192.0.2.1", "192.0.2.1", true),
        ("IpAddress", "10.0.0.0/8", "11.0.0.1", false),
        ("NotIpAddress", "10.0.0.0/8 192.0.2.1", "192.0.2.1", false),
        ("NotIpAddress", "10.0.0.0/8", "11.0.0.1", true),
        ("IpAddress", "0.0.0.0/0", "10.0.0.1/32", false),
    ]);
}

#[test]
fn an_absent_key_is_the_same_to_all_families() {
    for (operator, value) in [
        ("NumericEquals", "1"),
        ("NumericLessThan", "1"),
        ("DateEquals", "2020"),
        ("DateGreaterThan", "2020"),
        ("IpAddress", "0.0.0.0/0"),
        ("BinaryEquals", "QQ=="),
    ] {
        check(&[(operator, value, "", false)]);
    }
    for (operator, value) in [
        ("NumericNotEquals", "1"),
        ("DateNotEquals", "2020"),
        ("NotIpAddress", "0.0.0.0/0"),
        ("NumericLessThanIfExists", "1"),
        ("DateGreaterThanIfExists", "2020"),
        ("NotIpAddressIfExists", "0.0.0.0/0"),
        ("BinaryEqualsIfExists", "QQ=="),
        ("ForAllValues:NumericEquals", "1"),
        ("ForAllValues:IpAddress", "10.0.0.0/8"),
    ] {
        check(&[(operator, value, "", true)]);
    }
}

#[test]
fn the_set_operators_go_with_all_families() {
    check(&[
        ("ForAllValues:NumericLessThan", "10", "1 9", true),
        ("ForAllValues:NumericLessThan", "10", "1 11", false),
        (
            "ForAnyValue:DateGreaterThan",
            "2020-01-01",
            "2019-01-01 2021-01-01",
            true,
        ),
        (
            "ForAnyValue:NotIpAddress",
            "10.0.0.0/8",
            "10.0.0.1 11.0.0.1",
            true,
        ),
        (
            "ForAllValues:NotIpAddress",
            "10.0.0.0/8",
            "10.0.0.1 11.0.0.1",
            false,
        ),
        ("ForAllValues:BinaryEquals", "QQ== Qg==", "Qg==", true),
        (
            "ForAnyValue:ArnLike",
            "arn:aws:s3:::a*",
            "no arn:aws:s3:::ab",
            true,
        ),
    ]);
}

#[test]
fn fractions_may_stand_without_quotation_marks_for_numbers_only() {
    let context = Context::new().with("a:n", "0.5");
    assert!(holds(&json!({"NumericLessThan": {"a:n": 0.75}}), &context));
}
