//! Tests of the public interface: examples from AWS's documentation, rejected policies, and explanations.

#![expect(clippy::unwrap_used, reason = "helpers of tests fail by panicking")]

mod accepted;
mod ast;
mod beyond_policies;
mod conditions;
mod cross_account;
mod documented;
mod documented_exceptions;
mod documented_tables;
mod documented_together;
mod explain;
mod hostile;
mod interpreted;
mod organizations;
mod positions;
mod principals;
mod properties;
mod reference;
mod refusals;
mod refused_values;
mod resource_policies;
mod same_account;
mod statements;
mod unknown_keys;
mod variables;
mod world;

use irsa_policy::{Context, Decision, Policy, PolicyKind, Principal, Request, decide};
use serde_json::{Value, json};

const ROLE_SESSION: Principal<'_> =
    Principal::Aws("arn:aws:sts::111122223333:assumed-role/app/pod-1");

fn policy(kind: PolicyKind, statements: &Value) -> Policy {
    let document = json!({"Version": "2012-10-17", "Statement": statements});
    Policy::parse(kind, &document.to_string()).unwrap()
}

fn identity(statements: &Value) -> Policy {
    policy(PolicyKind::Identity, statements)
}

/// The decision for a role session without condition keys.
fn ask(policy: &Policy, action: &str, resource: &str) -> Decision {
    let request = Request {
        principal: ROLE_SESSION,
        action,
        resource: Some(resource),
        context: &Context::new(),
    };
    decide(&[policy], &request).decision
}
