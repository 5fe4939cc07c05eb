//! Policies: parsing, and decisions with additional statements.

use irsa_chain::{OidcProviderArn, SessionName};
use irsa_explain::{OidcRequest, connect_cause, trust_cause};
use irsa_policy::{
    Context, Decision, Policy, PolicyKind, Principal, Request, Verdict, decide, evaluate,
};
use serde_json::Value;

use crate::round_trip::assert_is_one_line;

const PROVIDER: &str = "arn:aws:iam::111122223333:oidc-provider/oidc.eks.eu-central-1.amazonaws.com/id/9F2C5D41A7E84B06B3D1E0F8C6A5B472";
const CALLER: Principal<'_> =
    Principal::Aws("arn:aws:sts::111122223333:assumed-role/keycloak-role/keycloak-0");

/// The separator between the request and the policy.
const SEPARATOR: &str = "\n---\n";

/// Parses a document as both kinds of policy. It is accepted or rejected with a one-line error.
pub fn policy_document(data: &[u8]) {
    let text = &*String::from_utf8_lossy(data);
    for kind in [PolicyKind::Identity, PolicyKind::Trust] {
        match Policy::parse(kind, text) {
            Ok(policy) => assert_eq!(policy.kind(), kind),
            Err(error) => assert_is_one_line(&error),
        }
    }
}

/// Decides a request by an identity policy. The input is a line with the action, a line with the resource (empty for no
/// resource), any number of condition keys as `KEY=VALUE`, a line `---`, and the policy.
pub fn policy_decision(data: &[u8]) {
    if let Some(verdict) = decide_identity_policy(data) {
        connect_cause(&verdict);
    }
}

/// Decides a token exchange by a trust policy. The input is a line with the subject, any number of audiences, a line
/// `---`, and the policy.
pub fn trust_decision(data: &[u8]) {
    if let Some(verdict) = decide_trust_policy(data) {
        trust_cause(&verdict);
    }
}

fn decide_identity_policy(data: &[u8]) -> Option<Verdict> {
    let text = String::from_utf8_lossy(data);
    let (head, policy) = text.split_once(SEPARATOR)?;
    let mut lines = head.lines();
    let action = lines.next().unwrap_or_default();
    let resource = lines.next().filter(|line| !line.is_empty());
    let context = lines.fold(Context::new(), |context, line| {
        let (key, value) = line.split_once('=').unwrap_or((line, ""));
        context.with(key, value)
    });
    let request = Request {
        principal: CALLER,
        action,
        resource,
        context: &context,
    };
    verdict(PolicyKind::Identity, policy, &request)
}

fn decide_trust_policy(data: &[u8]) -> Option<Verdict> {
    let text = String::from_utf8_lossy(data);
    let (head, policy) = text.split_once(SEPARATOR)?;
    let provider: OidcProviderArn = PROVIDER.parse().ok()?;
    let session = SessionName::from_pod_name("keycloak-0");
    let mut lines = head.lines();
    let subject = lines.next().unwrap_or_default();
    let token = OidcRequest::new(&provider, subject, lines, &session);
    verdict(PolicyKind::Trust, policy, &token.request())
}

/// Returns the verdict, if the policy is valid.
fn verdict(kind: PolicyKind, text: &str, request: &Request<'_>) -> Option<Verdict> {
    let policy = Policy::parse(kind, text).ok()?;
    let verdict = decide(&[&policy], request);
    assert_is_explained(&verdict);
    assert_eq!(verdict.decision, evaluate(&[&policy], request));
    let denying = with_effect(kind, text, "Deny")?;
    assert_deny_wins(&policy, &denying, verdict.decision, request);
    Some(verdict)
}

fn assert_is_explained(verdict: &Verdict) {
    let is_implicit = verdict.decision == Decision::ImplicitlyDenied;
    assert_eq!(verdict.by.is_none(), is_implicit);
    assert!(is_implicit || verdict.near_misses.is_empty());
    for miss in &verdict.near_misses {
        assert!(!miss.mismatches.is_empty());
        miss.mismatches.iter().for_each(|mismatch| {
            assert!(!mismatch.to_string().chars().any(char::is_control));
        });
    }
}

/// Additional Deny statements never allow, in any order. If the statements of `policy` allow, the same statements with
/// `Deny` deny.
fn assert_deny_wins(policy: &Policy, denying: &Policy, before: Decision, request: &Request<'_>) {
    let after = evaluate(&[policy, denying], request);
    assert_eq!(after, evaluate(&[denying, policy], request));
    match before {
        Decision::ImplicitlyDenied => assert_eq!(after, evaluate(&[denying], request)),
        Decision::Allowed | Decision::ExplicitlyDenied => {
            assert_eq!(after, Decision::ExplicitlyDenied);
        }
    }
    assert_ne!(after, Decision::Allowed);
}

/// Returns the policy with this effect in all statements.
fn with_effect(kind: PolicyKind, text: &str, effect: &str) -> Option<Policy> {
    let mut document: Value = serde_json::from_str(text).ok()?;
    let statements = match document.get_mut("Statement")? {
        Value::Array(statements) => statements.as_mut_slice(),
        one => std::slice::from_mut(one),
    };
    for statement in statements {
        *statement.get_mut("Effect")? = Value::from(effect);
    }
    let policy = Policy::parse(kind, &document.to_string());
    assert!(policy.is_ok(), "the effect does not make a policy invalid");
    policy.ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    macro_rules! seed {
        ($path:literal) => {
            include_bytes!(concat!("../corpus/", $path))
        };
    }

    /// Otherwise some decisions would not be exercised.
    #[test]
    fn the_seeds_cover_every_decision() {
        let decision = |verdict: Option<Verdict>| verdict.unwrap().decision;
        for (seed, expected) in [
            (&seed!("policy_decision/connect")[..], Decision::Allowed),
            (
                seed!("policy_decision/connect_as_another_user"),
                Decision::ImplicitlyDenied,
            ),
            (
                seed!("policy_decision/deny_wins"),
                Decision::ExplicitlyDenied,
            ),
        ] {
            assert_eq!(decision(decide_identity_policy(seed)), expected);
        }
        for (seed, expected) in [
            (&seed!("trust_decision/right")[..], Decision::Allowed),
            (
                seed!("trust_decision/another_subject"),
                Decision::ImplicitlyDenied,
            ),
        ] {
            assert_eq!(decision(decide_trust_policy(seed)), expected);
        }
    }
}
