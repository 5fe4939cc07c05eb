//! Decisions with unknown keys, in the best and in the worst case.

use irsa_policy::{Assumption, Context, Decision, Policy, PolicyKind, Request, evaluate};
use serde_json::{Value, json};

use crate::{ROLE_SESSION, identity, policy};

const RESOURCE: &str = "arn:aws:es:eu-central-1:111122223333:domain/logs/app";

/// Returns whether the request is allowed in the best and in the worst case.
fn allowed(policies: &[&Policy]) -> (bool, bool) {
    let ask = |assumption| {
        let mut context = Context::new().with("aws:PrincipalTag/team", "search");
        context.assume("aws:SourceIp", assumption);
        context.assume("aws:PrincipalTag/App", assumption);
        let request = Request {
            principal: ROLE_SESSION,
            action: "es:ESHttpGet",
            resource: Some(RESOURCE),
            context: &context,
        };
        evaluate(policies, &request) == Decision::Allowed
    };
    (ask(Assumption::Favorable), ask(Assumption::Unfavorable))
}

fn statement(effect: &str, changes: &Value) -> Value {
    let mut statement = json!({"Effect": effect, "Action": "es:*", "Resource": "*"});
    for (element, value) in changes.as_object().unwrap() {
        statement[element] = value.clone();
    }
    statement
}

#[test]
fn a_condition_on_an_unknown_key_is_met_and_is_not() {
    for condition in [
        json!({"IpAddress": {"aws:SourceIp": "10.0.0.0/8"}}),
        json!({"NotIpAddress": {"AWS:sourceip": "10.0.0.0/8"}}),
        json!({"IpAddressIfExists": {"aws:SourceIp": "10.0.0.0/8"}}),
        json!({"Null": {"aws:SourceIp": "true"}}),
        json!({"StringEquals": {"aws:PrincipalTag/team": "${aws:PrincipalTag/app}"}}),
    ] {
        let changes = json!({"Condition": condition});
        let allow = identity(&statement("Allow", &changes));
        assert_eq!(allowed(&[&allow]), (true, false), "{condition}");
        let deny = identity(&json!([
            statement("Allow", &json!({})),
            statement("Deny", &changes)
        ]));
        assert_eq!(allowed(&[&deny]), (true, false), "{condition}");
    }
}

#[test]
fn what_holds_anyway_does_not_depend_on_the_key() {
    let by_address = json!({"Condition": {"IpAddress": {"aws:SourceIp": "10.0.0.0/8"}}});
    let either = json!([
        statement("Allow", &by_address),
        statement("Allow", &json!({}))
    ]);
    assert_eq!(allowed(&[&identity(&either)]), (true, true));
    let other = json!({"Action": "s3:*", "Condition": by_address["Condition"]});
    let unrelated = json!([statement("Allow", &json!({})), statement("Deny", &other)]);
    assert_eq!(allowed(&[&identity(&unrelated)]), (true, true));
    let known = json!({"StringEquals": {"aws:PrincipalTag/team": "other"}, "IpAddress": {"aws:SourceIp": "10.0.0.0/8"}});
    let never = statement("Allow", &json!({"Condition": known}));
    assert_eq!(allowed(&[&identity(&never)]), (false, false));
}

#[test]
fn an_unknown_variable_in_a_resource_may_be_any_text() {
    let domain = "arn:aws:es:eu-central-1:111122223333:domain/logs/${aws:PrincipalTag/app}";
    let other = domain.replace("logs", "metrics");
    for (element, resource, expected) in [
        ("Resource", json!(domain), (true, false)),
        ("Resource", json!(other), (false, false)),
        ("Resource", json!([domain, RESOURCE]), (true, true)),
        ("NotResource", json!(domain), (true, false)),
        ("NotResource", json!(other), (true, true)),
    ] {
        let mut one = statement("Allow", &json!({}));
        one.as_object_mut().unwrap().remove("Resource");
        one[element] = resource;
        let found = allowed(&[&identity(&one)]);
        assert_eq!(found, expected, "{one}");
        one["Effect"] = json!("Deny");
        let all = identity(&json!([statement("Allow", &json!({})), one]));
        let (best, worst) = allowed(&[&all]);
        assert_eq!((!worst, !best), expected, "{one}");
    }
}

#[test]
fn a_policy_lists_its_keys() {
    let policy = policy(
        PolicyKind::Resource,
        &json!({
            "Effect": "Allow", "Principal": "*", "Action": "es:*",
            "Resource": "arn:aws:es:*:*:domain/${aws:PrincipalTag/App}/*",
            "Condition": {"StringLike": {"aws:UserID": ["a", "${aws:PrincipalAccount}"]}},
        }),
    );
    let keys: Vec<_> = policy.keys().collect();
    assert_eq!(
        keys,
        ["aws:userid", "aws:principalaccount", "aws:principaltag/app"]
    );
}

/// Returns whether a login to a database with an unknown ID is allowed in the best and in the worst case.
fn allowed_on_unknown(policies: &[&Policy]) -> (bool, bool) {
    let ask = |assumption| {
        let mut context = Context::new();
        context.assume_resource("(unknown)", assumption);
        let request = Request {
            principal: ROLE_SESSION,
            action: "rds-db:connect",
            resource: Some("arn:aws:rds-db:eu-central-1:111122223333:dbuser:(unknown)/app"),
            context: &context,
        };
        evaluate(policies, &request) == Decision::Allowed
    };
    (ask(Assumption::Favorable), ask(Assumption::Unfavorable))
}

#[test]
fn an_unknown_part_of_the_resource_is_any_text() {
    let arn =
        |database: &str| format!("arn:aws:rds-db:eu-central-1:111122223333:dbuser:{database}");
    let connect = |effect: &str, element: &str, value: &str| json!({"Effect": effect, "Action": "rds-db:*", element: value});
    for (element, value, expected) in [
        ("Resource", "*".to_owned(), (true, true)),
        ("Resource", arn("*/app"), (true, true)),
        ("Resource", arn("cluster-ABC/app"), (true, false)),
        ("Resource", arn("cluster-ABC/admin"), (false, false)),
        ("NotResource", arn("cluster-ABC/app"), (true, false)),
        ("NotResource", arn("cluster-ABC/admin"), (true, true)),
        ("NotResource", arn("*"), (false, false)),
    ] {
        let allow = identity(&connect("Allow", element, &value));
        assert_eq!(allowed_on_unknown(&[&allow]), expected, "{element} {value}");
        let deny = identity(&json!([
            connect("Allow", "Resource", "*"),
            connect("Deny", element, &value)
        ]));
        let (best, worst) = expected;
        assert_eq!(
            allowed_on_unknown(&[&deny]),
            (!worst, !best),
            "{element} {value}"
        );
    }
}
