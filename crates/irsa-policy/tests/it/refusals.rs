//! Rejected policies, and the location that the error names.

use irsa_policy::PolicyKind::{Identity, Trust};
use irsa_policy::{Policy, PolicyKind, Problem};

const ALLOW: &str = r#"{"Effect": "Allow", "Action": "s3:*", "Resource": "*"}"#;

fn refusal(kind: PolicyKind, document: &str) -> String {
    Policy::parse(kind, document).unwrap_err().to_string()
}

/// The error of a second statement in a policy of version 2012-10-17.
fn statement(kind: PolicyKind, first: &str, second: &str) -> String {
    refusal(
        kind,
        &format!(r#"{{"Version": "2012-10-17", "Statement": [{first}, {second}]}}"#),
    )
}

pub(crate) fn identity(second: &str) -> String {
    statement(Identity, ALLOW, second)
}

pub(crate) fn trust(second: &str) -> String {
    let first = r#"{"Effect": "Allow", "Action": "sts:AssumeRole", "Principal": "*"}"#;
    statement(Trust, first, second)
}

/// The error of a condition in an otherwise valid statement.
pub(crate) fn condition(condition: &str) -> String {
    identity(&format!(
        r#"{{"Effect": "Allow", "Action": "s3:*", "Resource": "*", "Condition": {condition}}}"#
    ))
}

#[test]
fn documents_that_are_not_policies() {
    for (document, expected) in [
        ("", "not valid JSON: expected a value"),
        ("[]", "expected an object, found a list"),
        ("{}", "`Statement` is missing"),
        (r#"{"Statement": []}"#, "`Statement`: the list is empty"),
        (
            r#"{"Statement": [3]}"#,
            "`Statement[0]`: expected an object, found a number",
        ),
        (
            r#"{"Version": "2012-10-18", "Statement": []}"#,
            "`Version`: `2012-10-18` is not a policy language version: expected `2012-10-17` or `2008-10-17`",
        ),
        (
            r#"{"Version": 2012, "Statement": []}"#,
            "`Version`: expected a string, found a number",
        ),
        (
            &format!(r#"{{"Statement": {ALLOW}, "statement": {ALLOW}}}"#),
            "unknown element `statement`",
        ),
    ] {
        assert_eq!(refusal(Identity, document), expected);
    }
}

#[test]
fn duplicate_keys_are_rejected_at_every_level() {
    for (document, expected) in [
        (format!(r#"{{"Statement": {ALLOW}, "Statement": {ALLOW}}}"#), "duplicate key `Statement`"),
        (
            r#"{"Statement": [{"Effect": "Deny", "Effect": "Allow", "Action": "*", "Resource": "*"}]}"#.to_owned(),
            "`Statement[0]`: duplicate key `Effect`",
        ),
    ] {
        assert_eq!(refusal(Identity, &document), expected);
    }
    assert_eq!(
        condition(r#"{"StringEquals": {"a:k": "x"}, "StringEquals": {"a:l": "y"}}"#),
        "`Statement[1].Condition`: duplicate key `StringEquals`"
    );
    assert_eq!(
        condition(r#"{"StringEquals": {"a:k": "x", "a:k": "y"}}"#),
        "`Statement[1].Condition.StringEquals`: duplicate key `a:k`"
    );
    assert_eq!(
        condition(r#"{"StringEquals": {"a:k": "x", "A:K": "y"}}"#),
        "`Statement[1].Condition.StringEquals`: duplicate key `A:K`"
    );
    assert_eq!(
        trust(
            r#"{"Effect": "Allow", "Action": "sts:AssumeRole", "Principal": {"AWS": "*", "AWS": "*"}}"#
        ),
        "`Statement[1].Principal`: duplicate key `AWS`"
    );
}

#[test]
fn statements_without_required_elements() {
    for (second, expected) in [
        (
            r#"{"Action": "s3:*", "Resource": "*"}"#,
            "`Effect` is missing",
        ),
        (
            r#"{"Effect": "Allow", "Resource": "*"}"#,
            "`Action` or `NotAction` is missing",
        ),
        (
            r#"{"Effect": "Allow", "Action": "s3:*"}"#,
            "`Resource` or `NotResource` is missing",
        ),
    ] {
        assert_eq!(identity(second), format!("`Statement[1]`: {expected}"));
    }
    assert_eq!(
        trust(r#"{"Effect": "Allow", "Action": "sts:AssumeRole"}"#),
        "`Statement[1]`: `Principal` is missing"
    );
}

#[test]
fn statements_with_elements_that_are_not_allowed() {
    for (more, expected) in [
        (
            r#""Principal": "*""#,
            "`Principal` is not allowed in an identity policy",
        ),
        (
            r#""NotPrincipal": "*""#,
            "`NotPrincipal` is not allowed in an identity policy",
        ),
        (
            r#""NotAction": "s3:*""#,
            "`Action` and `NotAction` cannot be used together",
        ),
        (
            r#""NotResource": "*""#,
            "`Resource` and `NotResource` cannot be used together",
        ),
        (r#""Conditions": {}"#, "unknown element `Conditions`"),
    ] {
        let second = format!(r#"{{"Effect": "Allow", "Action": "s3:*", "Resource": "*", {more}}}"#);
        assert_eq!(identity(&second), format!("`Statement[1]`: {expected}"));
    }
    for (element, expected) in [
        ("Resource", "`Resource` is not allowed in a trust policy"),
        (
            "NotResource",
            "`NotResource` is not allowed in a trust policy",
        ),
    ] {
        let second = format!(
            r#"{{"Effect": "Allow", "Action": "sts:AssumeRole", "Principal": "*", "{element}": "*"}}"#
        );
        assert_eq!(trust(&second), format!("`Statement[1]`: {expected}"));
    }
}

// IAM User Guide, "NotPrincipal": not allowed in a trust policy; IAM rejects it too.
#[test]
fn a_trust_policy_has_no_not_principal() {
    let document = r#"{"Statement": [{"Effect": "Deny", "Action": "sts:AssumeRole", "NotPrincipal": {"AWS": "111122223333"}}]}"#;
    let error = Policy::parse(Trust, document).unwrap_err();
    assert_eq!(
        error.to_string(),
        "`Statement[0]`: `NotPrincipal` is not allowed in a trust policy"
    );
    assert!(error.hint().unwrap().contains("aws:PrincipalArn"));
}

// IAM User Guide, "Grammar of the IAM JSON policy language", "Policy grammar notes".
#[test]
fn an_identity_policy_has_no_id() {
    let document = format!(r#"{{"Id": "i", "Statement": {ALLOW}}}"#);
    for (kind, name) in [
        (Identity, "an identity policy"),
        (PolicyKind::Boundary, "a permissions boundary"),
        (PolicyKind::Session, "a session policy"),
    ] {
        assert_eq!(
            refusal(kind, &document),
            format!("`Id` is not allowed in {name}")
        );
    }
}

// The same notes, `sid_string`: each service that defines resource policies has its own rules.
#[test]
fn a_resource_policy_may_have_any_sid() {
    let statement = r#"{"Sid": "_any one", "Effect": "Deny", "Principal": "*", "Action": "s3:*", "Resource": "*"}"#;
    let document = format!(r#"{{"Statement": [{statement}, {statement}]}}"#);
    assert!(Policy::parse(PolicyKind::Resource, &document).is_ok());
}

#[test]
fn boundaries_and_session_policies_have_the_elements_of_an_identity_policy() {
    for kind in [PolicyKind::Boundary, PolicyKind::Session] {
        assert!(Policy::parse(kind, &format!(r#"{{"Statement": {ALLOW}}}"#)).is_ok());
        let with_principal = r#"{"Statement": {"Effect": "Allow", "Principal": "*", "Action": "*", "Resource": "*"}}"#;
        assert!(refusal(kind, with_principal).contains("`Principal` is not allowed"));
        let without_resource = r#"{"Statement": {"Effect": "Allow", "Action": "*"}}"#;
        assert!(refusal(kind, without_resource).contains("`Resource` or `NotResource` is missing"));
    }
}

#[test]
fn duplicate_sids_are_rejected_unless_they_are_empty() {
    let with_sid = |sid: &str| {
        format!(r#"{{"Sid": "{sid}", "Effect": "Allow", "Action": "s3:*", "Resource": "*"}}"#)
    };
    assert_eq!(
        statement(Identity, &with_sid("A"), &with_sid("A")),
        "`Statement[1]`: an earlier statement has the same `Sid`, `A`"
    );
    let empty = format!(r#"{{"Statement": [{0}, {0}]}}"#, with_sid(""));
    assert!(Policy::parse(Identity, &empty).is_ok());
}

#[test]
fn an_error_exposes_its_parts() {
    let document = format!(r#"{{"Statement": [{ALLOW}, {{"Effect": "Allow"}}]}}"#);
    let error = Policy::parse(Identity, &document).unwrap_err();
    assert_eq!(error.statement(), Some(1));
    assert_eq!(error.element(), "Statement[1]");
    assert_eq!(
        error.problem(),
        &Problem::Missing("`Action` or `NotAction`")
    );
}

#[test]
fn an_error_about_a_long_value_is_short() {
    let action = "x".repeat(500_000);
    let refusal = identity(&format!(
        r#"{{"Effect": "Allow", "Action": "{action}", "Resource": "*"}}"#
    ));
    assert!(refusal.len() < 500, "{}", refusal.len());
}

/// The positions of the errors bound the work: what follows them was not looked at.
#[test]
fn hostile_documents_are_rejected_at_their_first_fault() {
    let column = |document: &str| {
        let error = Policy::parse(Identity, document).unwrap_err();
        error.position().map(|position| position.column)
    };
    let large = "[".repeat(2 << 20);
    assert_eq!(
        refusal(Identity, &large),
        "the policy has 2097152 bytes, the limit is 1048576"
    );
    assert_eq!(column(&large), Some(1));

    let deep = format!(r#"{{"Statement": {}"#, r#"{"Condition":"#.repeat(70_000));
    assert_eq!(refusal(Identity, &deep), "nested more than 32 levels deep");
    assert!(column(&deep).unwrap() < 500, "{:?}", column(&deep));

    let (key, list) = ("k".repeat(400_000), "1,".repeat(300_000));
    let long = format!(
        r#"{{"Statement": {{"Effect": "Allow", "Action": "*", "Resource": "*", "Condition": {{"Bool": {{"a:{key}": [{list}1]}}}}}}}}"#
    );
    assert!(refusal(Identity, &long).ends_with("`1` is not `true` or `false`"));
    // Columns count from 1. The position is that of the list.
    assert_eq!(column(&long), Some(long.find("[1,").unwrap() + 1));
}

/// Each member is compared with the others in a table: a list would need minutes for so many.
#[test]
fn a_statement_with_many_unknown_members_is_rejected() {
    let members: Vec<String> = (0..60_000).map(|n| format!(r#""k{n}": 1"#)).collect();
    let wide = format!(
        r#"{{"Statement": {{"Effect": "Allow", {}}}}}"#,
        members.join(",")
    );
    assert!(refusal(Identity, &wide).starts_with("`Statement`: `Action`"));
}
