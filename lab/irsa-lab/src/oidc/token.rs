//! The claims of a service account token (Kubernetes, "Managing Service Accounts", "Bound service
//! account tokens").

use std::time::SystemTime;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::{Value, json};

use super::spec::{Audience, PodBinding, TokenSpec};
use crate::clock::unix_seconds;
use crate::random;

/// Builds the claims at `now`.
pub(super) fn claims(spec: &TokenSpec, issuer: &str, now: SystemTime) -> Value {
    let now = unix_seconds(now);
    let issued_at = now.saturating_add_signed(spec.issued_in);
    let account = &spec.service_account;
    let mut claims = json!({
        "iss": spec.issuer.as_deref().unwrap_or(issuer),
        "sub": spec.subject.clone().unwrap_or_else(|| account.subject()),
        "exp": now.saturating_add_signed(spec.expires_in),
        "iat": issued_at,
        "nbf": issued_at,
        "jti": random::uuid(),
        "kubernetes.io": bound_to(account.namespace(), account.name(), spec.pod.as_ref()),
    });
    if let (Audience::Of(audience), Some(claims)) = (&spec.audience, claims.as_object_mut()) {
        claims.insert("aud".to_owned(), json!(audience));
    }
    claims
}

/// Returns a token with `alg` `none` and an empty signature.
pub(super) fn unsigned(claims: &Value) -> String {
    let part = |value: &Value| URL_SAFE_NO_PAD.encode(value.to_string());
    format!("{}.{}.", part(&json!({"alg": "none"})), part(claims))
}

fn bound_to(namespace: &str, name: &str, pod: Option<&PodBinding>) -> Value {
    match pod {
        None => json!({"namespace": namespace, "serviceaccount": {"name": name}}),
        Some(pod) => json!({
            "namespace": namespace,
            "node": {"name": pod.node, "uid": pod.node_uid},
            "pod": {"name": pod.name, "uid": pod.uid},
            "serviceaccount": {"name": name, "uid": pod.service_account_uid},
        }),
    }
}
