//! Classification of the domain's rejections.
//!
//! There are two layers, with different formats. The edge returns `{"message": ...}` for an invalid signature, and
//! `{"Message": ...}` if a policy denies the request or a body is too large. OpenSearch itself returns `{"error":
//! {"type": ..., "reason": ...}}`. The texts are those of AWS, as documented in "Troubleshooting Amazon OpenSearch
//! Service" and as reported in issues of its clients.

use http::StatusCode;
use irsa_chain::{Cause, Link};
use serde_json::Value;

/// The link and the cause of a rejection.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RequestRefusal {
    /// The broken link.
    pub link: Link,
    /// The cause, if the response contains it.
    pub cause: Option<Cause>,
}

/// Returns whether the body of a response with this status must be classified.
pub(crate) fn is_suspect(status: StatusCode) -> bool {
    matches!(status.as_u16(), 400 | 401 | 403 | 413 | 429 | 502..=504)
}

/// Returns whether the response reports a wrong clock.
pub(crate) fn is_clock_skew(status: StatusCode, body: &[u8]) -> bool {
    let cause = RequestRefusal::classify(status, body).and_then(|refusal| refusal.cause);
    status == StatusCode::FORBIDDEN && cause == Some(Cause::ClockSkew)
}

/// Returns whether the response reports an expired session.
pub(crate) fn is_expired_session(status: StatusCode, body: &[u8]) -> bool {
    let cause = RequestRefusal::classify(status, body).and_then(|refusal| refusal.cause);
    status == StatusCode::FORBIDDEN && cause == Some(Cause::SessionExpired)
}

/// The text of a response.
enum ErrorText {
    Edge(String),
    OpenSearch { kind: String, reason: String },
    Nothing,
}

// === impl ErrorText ===

impl ErrorText {
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

// === impl RequestRefusal ===

impl RequestRefusal {
    /// Classifies a response by its status and the beginning of its body. Returns `None` if it is unrelated to the
    /// chain.
    pub fn classify(status: StatusCode, body: &[u8]) -> Option<Self> {
        let by_text = match &ErrorText::parse(body) {
            ErrorText::Edge(text) => edge(text),
            ErrorText::OpenSearch { kind, reason } => opensearch(status, kind, reason),
            ErrorText::Nothing => None,
        };
        by_text.or_else(|| by_status(status))
    }
}

impl From<Cause> for RequestRefusal {
    fn from(cause: Cause) -> Self {
        Self {
            link: cause.link(),
            cause: Some(cause),
        }
    }
}

/// Texts of the edge that identify a cause. The first match counts.
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

fn edge(text: &str) -> Option<RequestRefusal> {
    let text = text.to_ascii_lowercase();
    let found = EDGE.iter().find(|(words, _)| text.contains(words));
    found.map(|(_, cause)| (*cause).into())
}

fn opensearch(status: StatusCode, kind: &str, reason: &str) -> Option<RequestRefusal> {
    match status {
        StatusCode::FORBIDDEN if kind == "security_exception" => Some(Cause::FgacNotGranted.into()),
        StatusCode::UNAUTHORIZED => Some(RequestRefusal {
            link: Link::Grant,
            cause: None,
        }),
        // The data access policy of a collection only returns "Forbidden", without a reason.
        StatusCode::FORBIDDEN if kind.eq_ignore_ascii_case("forbidden") => Some(RequestRefusal {
            link: Link::Permissions,
            cause: None,
        }),
        StatusCode::BAD_REQUEST if kind.is_empty() => edge(reason),
        _ => None,
    }
}

fn by_status(status: StatusCode) -> Option<RequestRefusal> {
    let cause = match status.as_u16() {
        413 => Cause::RequestTooLarge,
        429 => Cause::EndpointThrottled,
        502 | 503 => Cause::EndpointFailed,
        504 => Cause::EndpointTimeout,
        // The security plugin returns this for an unknown user.
        401 => {
            return Some(RequestRefusal {
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
