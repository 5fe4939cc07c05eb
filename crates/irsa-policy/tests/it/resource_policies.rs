//! Tests of resource policies.

use irsa_policy::{Context, Decision, Policy, PolicyKind, Principal, Request, decide};
use serde_json::{Value, json};

use crate::policy;

const INDEX: &str = "arn:aws:es:eu-central-1:111122223333:domain/logs/app-1/_search";
const SESSION: Principal<'_> = Principal::Aws("arn:aws:sts::111122223333:assumed-role/app/pod-1");

fn ask(statement: &Value, principal: Principal<'_>) -> Decision {
    let request = Request {
        principal,
        action: "es:ESHttpGet",
        resource: Some(INDEX),
        context: &Context::new(),
    };
    decide(&[&policy(PolicyKind::Resource, statement)], &request).decision
}

fn statement(effect: &str, element: &str, principal: &Value) -> Value {
    json!({
        "Effect": effect, element: principal, "Action": "es:ESHttp*",
        "Resource": "arn:aws:es:eu-central-1:111122223333:domain/logs/*",
    })
}

#[test]
fn principal_and_resource_must_both_match() {
    let role = json!({"AWS": "arn:aws:iam::111122223333:role/app"});
    let mut statement = statement("Allow", "Principal", &role);
    assert_eq!(ask(&statement, SESSION), Decision::Allowed);
    assert_eq!(
        ask(&statement, Principal::Anonymous),
        Decision::ImplicitlyDenied
    );
    statement["Resource"] = json!("arn:aws:es:eu-central-1:111122223333:domain/other/*");
    assert_eq!(ask(&statement, SESSION), Decision::ImplicitlyDenied);
}

#[test]
fn a_star_is_also_the_anonymous_caller() {
    for everyone in [json!("*"), json!({"AWS": "*"}), json!({"AWS": ["*"]})] {
        let statement = statement("Allow", "Principal", &everyone);
        assert_eq!(ask(&statement, Principal::Anonymous), Decision::Allowed);
    }
}

// The first example of the IAM User Guide, "AWS JSON policy elements: NotPrincipal".
#[test]
fn a_deny_with_not_principal_leaves_out_bob_and_not_his_colleagues() {
    let except = |names: Value| statement("Deny", "NotPrincipal", &json!({"AWS": names}));
    let bob = "arn:aws:iam::444455556666:user/Bob";
    let alice = "arn:aws:iam::444455556666:user/Alice";
    let deny = except(json!([bob, "arn:aws:iam::444455556666:root"]));
    assert_eq!(ask(&deny, Principal::Aws(bob)), Decision::ImplicitlyDenied);
    for other in [Principal::Aws(alice), SESSION, Principal::Anonymous] {
        assert_eq!(ask(&deny, other), Decision::ExplicitlyDenied, "{other:?}");
    }
}

// The second example of the same page.
#[test]
fn a_deny_with_not_principal_leaves_out_a_session_listed_with_role_and_account() {
    let names = [
        "arn:aws:sts::111122223333:assumed-role/app/pod-1",
        "arn:aws:iam::111122223333:role/app",
        "arn:aws:iam::111122223333:root",
    ];
    let deny = |names: &[&str]| statement("Deny", "NotPrincipal", &json!({"AWS": names}));
    assert_eq!(ask(&deny(&names), SESSION), Decision::ImplicitlyDenied);
    for left_out in 0..3 {
        let mut names = names.to_vec();
        names.remove(left_out);
        assert_eq!(ask(&deny(&names), SESSION), Decision::ExplicitlyDenied);
    }
}

// IAM User Guide, "AWS JSON policy elements: NotPrincipal": not with `Allow`.
#[test]
fn an_allow_with_not_principal_is_refused() {
    let document =
        json!({"Statement": statement("Allow", "NotPrincipal", &json!({"AWS": "111122223333"}))});
    let error = Policy::parse(PolicyKind::Resource, &document.to_string()).unwrap_err();
    assert_eq!(
        error.to_string(),
        "`Statement`: `NotPrincipal` is not supported: IAM accepts it only with `Deny`"
    );
}

// ECR policies have this form.
#[test]
fn without_a_resource_a_statement_is_about_the_resource_that_has_the_policy() {
    let statement = json!({"Effect": "Allow", "Principal": "*", "Action": "es:*"});
    assert_eq!(ask(&statement, SESSION), Decision::Allowed);
}

#[test]
fn a_canonical_user_can_be_allowed_but_not_denied() {
    let user = json!({"CanonicalUser": "79a59df900b949e55d96a1e698fbaced"});
    let allow = statement("Allow", "Principal", &user);
    assert_eq!(ask(&allow, SESSION), Decision::ImplicitlyDenied);
    let deny = json!({"Statement": statement("Deny", "Principal", &user)});
    let error = Policy::parse(PolicyKind::Resource, &deny.to_string()).unwrap_err();
    assert!(
        error
            .to_string()
            .starts_with("`Statement.Principal.CanonicalUser`")
    );
}
