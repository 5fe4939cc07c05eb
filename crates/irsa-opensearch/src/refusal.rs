//! What the domain's refusals mean.
//!
//! There are two layers, and each has its own shape. The edge answers `{"message": ...}` where it
//! does not accept a signature and `{"Message": ...}` where a policy denies or a body is too large;
//! OpenSearch itself answers `{"error": {"type": ..., "reason": ...}}`. The texts are AWS's, as seen
//! in "Troubleshooting Amazon OpenSearch Service" and in issues of its clients.

use http::StatusCode;
use irsa_chain::{Cause, Link};
use serde_json::Value;

/// What a refusal says of the chain.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Refusal {
    /// The link that is broken.
    pub link: Link,
    /// What breaks it, where the answer tells.
    pub cause: Option<Cause>,
}

/// Whether the body of such an answer is worth a look.
pub(crate) fn is_suspect(status: StatusCode) -> bool {
    matches!(status.as_u16(), 400 | 401 | 403 | 413 | 429 | 502..=504)
}

/// Whether an answer says that our clock is wrong.
pub(crate) fn is_clock_skew(status: StatusCode, body: &[u8]) -> bool {
    let cause = Refusal::classify(status, body).and_then(|refusal| refusal.cause);
    status == StatusCode::FORBIDDEN && cause == Some(Cause::ClockSkew)
}

/// Whether an answer says that the session has expired.
pub(crate) fn is_expired_session(status: StatusCode, body: &[u8]) -> bool {
    let cause = Refusal::classify(status, body).and_then(|refusal| refusal.cause);
    status == StatusCode::FORBIDDEN && cause == Some(Cause::SessionExpired)
}

/// The words of an answer.
enum Said {
    Edge(String),
    OpenSearch { kind: String, reason: String },
    Nothing,
}

// === impl Said ===

impl Said {
    fn parse(body: &[u8]) -> Self {
        let Ok(json) = serde_json::from_slice::<Value>(body) else {
            return Self::Nothing;
        };
        let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
        if let Some(message) = json.get("message").or_else(|| json.get("Message")) {
            return Self::Edge(text(message));
        }
        match json.get("error") {
            Some(Value::String(reason)) => Self::OpenSearch {
                kind: String::new(),
                reason: reason.clone(),
            },
            Some(error) => Self::OpenSearch {
                kind: error.get("type").map(text).unwrap_or_default(),
                reason: error.get("reason").map(text).unwrap_or_default(),
            },
            None => Self::Nothing,
        }
    }
}

// === impl Refusal ===

impl Refusal {
    /// Reads an answer from its status and the beginning of its body; `None` where it is not about the chain.
    pub fn classify(status: StatusCode, body: &[u8]) -> Option<Self> {
        let by_text = match &Said::parse(body) {
            Said::Edge(text) => edge(text),
            Said::OpenSearch { kind, reason } => opensearch(status, kind, reason),
            Said::Nothing => None,
        };
        by_text.or_else(|| by_status(status))
    }
}

impl From<Cause> for Refusal {
    fn from(cause: Cause) -> Self {
        Self {
            link: cause.link(),
            cause: Some(cause),
        }
    }
}

/// What the edge says, by words that no other of its answers has; the first that fits counts.
const EDGE: [(&str, Cause); 20] = [
    ("signature expired", Cause::ClockSkew),
    ("signature not yet current", Cause::ClockSkew),
    ("is now earlier than", Cause::ClockSkew),
    (
        "signature we calculated does not match",
        Cause::SignatureMismatch,
    ),
    (
        "x-amz-content-sha256 header must be signed",
        Cause::PayloadHashUnsigned,
    ),
    (
        "security token included in the request is expired",
        Cause::SessionExpired,
    ),
    (
        "security token included in the request is invalid",
        Cause::CredentialsUnknown,
    ),
    ("scoped to a valid region", Cause::SignedForAnotherRegion),
    ("scoped to correct service", Cause::SignedForAnotherService),
    (
        "scoped to the correct service",
        Cause::SignedForAnotherService,
    ),
    ("missing authentication token", Cause::RequestUnsigned),
    ("anonymous is not authorized", Cause::RequestUnsigned),
    (
        "authorization header requires",
        Cause::AuthorizationMalformed,
    ),
    ("incomplete-signature", Cause::AuthorizationMalformed),
    ("with an explicit deny", Cause::EsHttpDenied),
    ("is not authorized to perform", Cause::EsHttpNotAllowed),
    ("request size exceeded", Cause::RequestTooLarge),
    ("request throttled", Cause::EndpointThrottled),
    ("too many requests", Cause::EndpointThrottled),
    ("endpoint request timed out", Cause::EndpointTimeout),
];

fn edge(text: &str) -> Option<Refusal> {
    let text = text.to_ascii_lowercase();
    let found = EDGE.iter().find(|(words, _)| text.contains(words));
    found.map(|(_, cause)| (*cause).into())
}

fn opensearch(status: StatusCode, kind: &str, reason: &str) -> Option<Refusal> {
    match status {
        StatusCode::FORBIDDEN if kind == "security_exception" => Some(Cause::FgacNotGranted.into()),
        StatusCode::UNAUTHORIZED => Some(Refusal {
            link: Link::Grant,
            cause: None,
        }),
        // A collection's data access policy: "Forbidden", without a word about which.
        StatusCode::FORBIDDEN if kind.eq_ignore_ascii_case("forbidden") => Some(Refusal {
            link: Link::Permissions,
            cause: None,
        }),
        StatusCode::BAD_REQUEST if kind.is_empty() => edge(reason),
        _ => None,
    }
}

fn by_status(status: StatusCode) -> Option<Refusal> {
    let cause = match status.as_u16() {
        413 => Cause::RequestTooLarge,
        429 => Cause::EndpointThrottled,
        502 | 503 => Cause::EndpointFailed,
        504 => Cause::EndpointTimeout,
        // The plugin answers so to whom it does not know.
        401 => {
            return Some(Refusal {
                link: Link::Grant,
                cause: None,
            });
        }
        _ => return None,
    };
    Some(cause.into())
}

#[cfg(test)]
mod tests;
