//! Tests of decisions that depend on an unknown key, and of decisions that do not.

use irsa_policy::Decision;
use serde_json::{Value, json};

use super::*;
use crate::RequestContext;

const DOMAIN: &str = "arn:aws:es:eu-central-1:111122223333:domain/logs/_search";

fn document(layer: Layer, statements: &Value) -> Document {
    let policy = json!({"Version": "2012-10-17", "Statement": statements});
    Document {
        layer,
        file: "policy.json".to_owned(),
        text: policy.to_string(),
    }
}

/// The decision, and what it depends on.
fn decided(action: &str, policies: Vec<Document>) -> (Option<Decision>, Vec<String>) {
    let question = Question {
        principal: "arn:aws:sts::111122223333:assumed-role/app/pod".to_owned(),
        action: action.to_owned(),
        resource: Some(DOMAIN.to_owned()),
        context: RequestContext::for_session(action, Some(DOMAIN), "111122223333", None),
        policies,
        ..Question::default()
    };
    let documents = question.documents().unwrap();
    let evaluation = Evaluation::new(&question, &documents);
    let unknowns = evaluation.depends_on().into_iter().map(str::to_owned);
    (evaluation.decision(), unknowns.collect())
}

fn allow(condition: &Value) -> Value {
    json!({"Effect": "Allow", "Action": "*", "Resource": "*", "Condition": condition})
}

fn by_address() -> Value {
    json!({"IpAddress": {"aws:SourceIp": "10.0.0.0/8"}})
}

#[test]
fn a_decision_that_differs_over_an_unknown_key_names_it() {
    let statements = json!([allow(&by_address())]);
    let policies = || vec![document(Layer::Identity, &statements)];
    let found = decided("es:ESHttpGet", policies());
    assert_eq!(found, (None, vec!["aws:SourceIp".to_owned()]));
    // The Aurora User Guide documents that logins do not have the key.
    let found = decided("rds-db:connect", policies());
    assert_eq!(found, (Some(Decision::ImplicitlyDenied), Vec::new()));
}

#[test]
fn only_the_keys_that_decide_are_named() {
    let both = json!({"IpAddress": {"aws:SourceIp": "10.0.0.0/8"}, "StringEquals": {"aws:SourceVpc": "vpc-1"}});
    let elsewhere = json!({"Effect": "Deny", "Action": "s3:*", "Resource": "*",
        "Condition": {"StringEquals": {"aws:PrincipalOrgID": "o-1"}}});
    let statements = json!([allow(&both), elsewhere]);
    let (decision, keys) = decided("es:ESHttpGet", vec![document(Layer::Identity, &statements)]);
    assert_eq!(decision, None);
    assert_eq!(keys, ["aws:SourceIp", "aws:SourceVpc"]);
}

#[test]
fn what_another_statement_decides_is_sure() {
    let either = json!([allow(&by_address()), allow(&json!({}))]);
    let found = decided("es:ESHttpGet", vec![document(Layer::Identity, &either)]);
    assert_eq!(found, (Some(Decision::Allowed), Vec::new()));
    let identity = document(Layer::Identity, &json!([allow(&by_address())]));
    let deny = json!([{"Effect": "Deny", "Action": "es:*", "Resource": "*"}]);
    let boundary = document(Layer::Boundary, &deny);
    let found = decided("es:ESHttpGet", vec![identity, boundary]);
    assert_eq!(found, (Some(Decision::ExplicitlyDenied), Vec::new()));
}

#[test]
fn either_of_two_keys_is_enough() {
    let by_vpc = json!({"StringEquals": {"aws:SourceVpc": "vpc-1"}});
    let either = json!([allow(&by_address()), allow(&by_vpc)]);
    let (decision, keys) = decided("es:ESHttpGet", vec![document(Layer::Identity, &either)]);
    assert_eq!(decision, None);
    assert_eq!(keys, ["aws:SourceIp", "aws:SourceVpc"]);
}

#[test]
fn every_layer_may_ask_for_an_unknown_key() {
    let all = json!([allow(&json!({}))]);
    for layer in [Layer::Boundary, Layer::Session, Layer::ServiceControl(0)] {
        let other = document(layer, &json!([allow(&by_address())]));
        let found = decided("es:ESHttpGet", vec![document(Layer::Identity, &all), other]);
        assert_eq!(found, (None, vec!["aws:SourceIp".to_owned()]), "{layer:?}");
    }
}
