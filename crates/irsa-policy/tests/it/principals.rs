//! Principals of a statement (IAM User Guide, "AWS JSON policy elements: Principal").

use irsa_policy::{Context, Decision, PolicyKind, Principal, Request, decide};
use serde_json::{Value, json};

use crate::policy;

const SESSION: Principal<'_> = Principal::Aws("arn:aws:sts::111122223333:assumed-role/app/pod-1");
const ROLE: Principal<'_> = Principal::Aws("arn:aws:iam::111122223333:role/team/app");
const BOB: Principal<'_> = Principal::Aws("arn:aws:iam::111122223333:user/Bob");
const BOB_IN_CHINA: Principal<'_> = Principal::Aws("arn:aws-cn:iam::111122223333:user/Bob");
const PODS: Principal<'_> = Principal::Service("pods.eks.amazonaws.com");
const GOOGLE: Principal<'_> = Principal::Federated("accounts.google.com");

fn trusts(principal: &Value, caller: Principal<'_>) -> bool {
    let statement = json!({"Effect": "Allow", "Principal": principal, "Action": "sts:*"});
    let request = Request {
        principal: caller,
        action: "sts:AssumeRole",
        resource: None,
        context: &Context::new(),
    };
    decide(&[&policy(PolicyKind::Trust, &statement)], &request).decision == Decision::Allowed
}

fn check(kind: &str, cases: &[(&str, Principal<'_>, bool)]) {
    for &(name, caller, expected) in cases {
        assert_eq!(
            trusts(&json!({kind: name}), caller),
            expected,
            "{kind} {name} for {caller:?}"
        );
    }
}

#[test]
fn a_star_is_everyone() {
    for caller in [SESSION, BOB, PODS, GOOGLE, Principal::Anonymous] {
        assert!(trusts(&json!("*"), caller), "{caller:?}");
        assert!(trusts(&json!({"AWS": "*"}), caller), "{caller:?}");
    }
}

#[test]
fn an_account_is_everyone_in_it() {
    check(
        "AWS",
        &[
            ("111122223333", SESSION, true),
            ("111122223333", BOB, true),
            ("111122223333", BOB_IN_CHINA, true),
            ("444455556666", BOB, false),
            ("arn:aws:iam::111122223333:root", SESSION, true),
            ("arn:aws:iam::111122223333:root", BOB_IN_CHINA, false),
            ("arn:aws:iam::444455556666:root", BOB, false),
            ("111122223333", PODS, false),
            ("111122223333", Principal::Anonymous, false),
        ],
    );
}

#[test]
fn a_role_is_all_its_sessions_whatever_its_path() {
    check(
        "AWS",
        &[
            ("arn:aws:iam::111122223333:role/app", SESSION, true),
            ("arn:aws:iam::111122223333:role/team/app", SESSION, true),
            ("arn:aws:iam::111122223333:role/team/app", ROLE, true),
            ("arn:aws:iam::111122223333:role/app", ROLE, false),
            ("arn:aws:iam::111122223333:role/App", SESSION, false),
            ("arn:aws:iam::111122223333:role/app/pod-1", SESSION, false),
            ("arn:aws:iam::444455556666:role/app", SESSION, false),
            ("arn:aws-cn:iam::111122223333:role/app", SESSION, false),
        ],
    );
}

#[test]
fn a_session_or_a_user_is_itself() {
    check(
        "AWS",
        &[
            (
                "arn:aws:sts::111122223333:assumed-role/app/pod-1",
                SESSION,
                true,
            ),
            (
                "arn:aws:sts::111122223333:assumed-role/app/pod-2",
                SESSION,
                false,
            ),
            (
                "arn:aws:sts::111122223333:assumed-role/app/pod-1",
                ROLE,
                false,
            ),
            ("arn:aws:iam::111122223333:user/Bob", BOB, true),
            ("arn:aws:iam::111122223333:user/bob", BOB, false),
        ],
    );
}

// "AWS STS federated user principals": the session's ARN is based on the user's.
#[test]
fn a_user_is_also_its_federated_sessions() {
    let federated = Principal::Aws("arn:aws:sts::111122223333:federated-user/Bob");
    check(
        "AWS",
        &[
            ("arn:aws:iam::111122223333:user/Bob", federated, true),
            ("arn:aws:iam::111122223333:user/team/Bob", federated, true),
            ("arn:aws:iam::111122223333:role/Bob", federated, false),
            ("arn:aws:iam::111122223333:user/bob", federated, false),
            ("arn:aws:iam::444455556666:user/Bob", federated, false),
            ("arn:aws:sts::111122223333:federated-user/Bob", BOB, false),
        ],
    );
}

#[test]
fn the_id_of_a_deleted_role_matches_no_caller() {
    check("AWS", &[("AROAEXAMPLEEXAMPLE123", SESSION, false)]);
}

#[test]
fn services_and_providers_are_matched_by_name_and_kind() {
    check(
        "Service",
        &[
            ("pods.eks.amazonaws.com", PODS, true),
            ("ec2.amazonaws.com", PODS, false),
            ("accounts.google.com", GOOGLE, false),
        ],
    );
    check(
        "Federated",
        &[
            ("accounts.google.com", GOOGLE, true),
            ("www.amazon.com", GOOGLE, false),
            ("accounts.google.com", PODS, false),
        ],
    );
}

#[test]
fn one_of_several_principals_is_enough() {
    let principal = json!({
        "AWS": ["444455556666", "arn:aws:iam::111122223333:user/Bob"],
        "Service": ["ec2.amazonaws.com", "pods.eks.amazonaws.com"],
    });
    assert!(trusts(&principal, BOB));
    assert!(trusts(&principal, PODS));
    assert!(!trusts(&principal, SESSION));
}
