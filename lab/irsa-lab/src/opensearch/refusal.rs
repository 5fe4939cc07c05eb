//! Responses of the service itself, in its two body formats, with the cause that it does not reveal.

use bytes::Bytes;
use http::header::ACCESS_CONTROL_ALLOW_ORIGIN;
use http::{HeaderValue, Response, StatusCode};
use irsa_chain::Cause;
use serde_json::json;

use crate::reply;

/// A request that does not reach OpenSearch.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Refusal {
    pub(super) status: StatusCode,
    /// JSON. It may repeat the caller's input, so only the caller receives it.
    body: Body,
    pub(super) cause: Cause,
    /// The message for the ledger; never contains a secret.
    pub(super) message: String,
}

#[derive(Clone, PartialEq, Eq)]
struct Body(String);

impl std::fmt::Debug for Body {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("[not shown]")
    }
}

impl Refusal {
    /// A refusal by the authentication layer: `{"message": TEXT}`.
    pub(super) fn unauthentic(text: &str, cause: Cause) -> Self {
        Self::new(StatusCode::FORBIDDEN, "message", text, cause)
    }

    /// A refusal by the authorization layer: `{"Message": TEXT}`.
    pub(super) fn unauthorized(text: &str, cause: Cause) -> Self {
        Self::new(StatusCode::FORBIDDEN, "Message", text, cause)
    }

    /// 413: `{"Message": TEXT}`.
    pub(super) fn too_large(limit: usize) -> Self {
        let text = format!("Request size exceeded {limit} bytes");
        let status = StatusCode::PAYLOAD_TOO_LARGE;
        Self::new(status, "Message", &text, Cause::RequestTooLarge)
    }

    /// Sets a message for the ledger that differs from the caller's.
    #[must_use]
    pub(super) fn logged_as(self, message: impl Into<String>) -> Self {
        Self {
            message: message.into(),
            ..self
        }
    }

    /// Adds details that only the ledger may contain.
    #[must_use]
    pub(super) fn because(mut self, detail: Option<String>) -> Self {
        if let Some(detail) = detail {
            self.message = format!("{}: {detail}", self.message);
        }
        self
    }

    /// Returns the HTTP response.
    pub(super) fn response(self) -> Response<Bytes> {
        let mut response = reply::json(self.status, self.body.0);
        let everybody = HeaderValue::from_static("*");
        response
            .headers_mut()
            .insert(ACCESS_CONTROL_ALLOW_ORIGIN, everybody);
        response
    }

    fn new(status: StatusCode, key: &str, text: &str, cause: Cause) -> Self {
        Self {
            status,
            body: Body(json!({key: text}).to_string()),
            cause,
            message: text.to_owned(),
        }
    }
}
