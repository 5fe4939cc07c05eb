//! The REST API of the security plugin.

use std::fmt;
use std::time::Duration;

use http::{Method, StatusCode};
use irsa_identity::scrub;
use irsa_opensearch::Domain;
use irsa_stack::security_plugin::API;
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use serde::Serialize;
use serde_json::Value;

use crate::ApplyError;

/// The time limit of a request. The plugin responds when all nodes use the new configuration.
const LIMIT: Duration = Duration::from_secs(30);

/// The bytes of a name that are encoded in a path.
const ENCODED: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'_');

/// A request to the domain.
#[derive(Debug, Clone, PartialEq)]
pub struct Request {
    /// The method.
    pub method: Method,
    /// The path, with the leading slash.
    pub path: String,
    /// The JSON body.
    pub body: Option<Value>,
}

/// A complete response of the domain.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Response {
    /// The status.
    pub status: StatusCode,
    /// The body.
    pub body: Vec<u8>,
}

/// A connection to a domain as its administrator.
pub trait SecurityApi {
    /// Sends a request, and returns the response with any status.
    ///
    /// # Errors
    /// There is no response.
    fn send(&self, request: &Request) -> impl Future<Output = Result<Response, ApplyError>> + Send;
}

impl SecurityApi for Domain {
    async fn send(&self, request: &Request) -> Result<Response, ApplyError> {
        let body = request.body.as_ref().map(|body| body.to_string().into());
        let method = request.method.clone();
        let response = self.call(method, &request.path, body, LIMIT).await;
        let response = response.map_err(|error| ApplyError {
            message: error.message,
            remedy: error.remedy,
        })?;
        Ok(Response {
            status: response.status,
            body: response.body.to_vec(),
        })
    }
}

// === impl Request ===

impl Request {
    /// Reads everything of a kind: `roles` or `rolesmapping`.
    pub(super) fn list(kind: &str) -> Self {
        Self::new(Method::GET, format!("/{API}/{kind}"))
    }

    /// Reads one object.
    pub(super) fn get(kind: &str, name: &str) -> Self {
        Self::one(Method::GET, kind, name)
    }

    /// Reads who the caller is.
    pub(super) fn caller() -> Self {
        Self::new(Method::GET, "/_plugins/_security/authinfo".to_owned())
    }

    /// Creates or replaces an object.
    pub(super) fn put(kind: &str, name: &str, body: &impl Serialize) -> Self {
        Self {
            // The bodies are structs of texts, which can always be serialized.
            body: Some(serde_json::to_value(body).unwrap_or_default()),
            ..Self::one(Method::PUT, kind, name)
        }
    }

    /// Changes an object by JSON Patch.
    pub(super) fn patch(kind: &str, name: &str, operations: Value) -> Self {
        Self {
            body: Some(operations),
            ..Self::one(Method::PATCH, kind, name)
        }
    }

    /// Removes an object.
    pub(super) fn delete(kind: &str, name: &str) -> Self {
        Self::one(Method::DELETE, kind, name)
    }

    fn one(method: Method, kind: &str, name: &str) -> Self {
        let name = utf8_percent_encode(name, ENCODED);
        Self::new(method, format!("/{API}/{kind}/{name}"))
    }

    fn new(method: Method, path: String) -> Self {
        Self {
            method,
            path,
            body: None,
        }
    }
}

impl fmt::Display for Request {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { method, path, body } = self;
        write!(f, "{method} {path}")?;
        match body {
            Some(body) => write!(f, " {body}"),
            None => Ok(()),
        }
    }
}

// === impl Response ===

impl Response {
    /// Returns whether a different client changed the plugin's configuration at the same time.
    pub(super) fn is_conflict(&self) -> bool {
        let has_text = |text: &str| {
            let body = String::from_utf8_lossy(&self.body).to_ascii_lowercase();
            body.contains(text)
        };
        // Versions before 2.0 return 500.
        self.status == StatusCode::CONFLICT
            || self.status == StatusCode::INTERNAL_SERVER_ERROR && has_text("version conflict")
    }

    /// Status and text in one line, for messages. AWS's response to a wrong signature contains the session token.
    pub(super) fn said(&self) -> String {
        let text = scrub(&String::from_utf8_lossy(&self.body), &[]);
        format!("status {}: {text}", self.status.as_u16())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn response(status: u16, body: &str) -> Response {
        Response {
            status: StatusCode::from_u16(status).unwrap(),
            body: body.as_bytes().to_vec(),
        }
    }

    #[test]
    fn conflicts_of_all_versions_are_recognized() {
        let body =
            r#"{"status":"CONFLICT","message":"[roles]: version conflict, required seqNo [7]"}"#;
        assert!(response(409, body).is_conflict());
        let body = r#"{"status":"INTERNAL_SERVER_ERROR","message":"Error [_doc][roles]: Version conflict, required"}"#;
        assert!(response(500, body).is_conflict());
        assert!(!response(500, "{}").is_conflict());
        assert!(!response(200, "version conflict").is_conflict());
    }

    #[test]
    fn a_name_is_one_segment_of_the_path() {
        let path = Request::get("roles", "a/../b?c#d e%").path;
        assert_eq!(
            path,
            "/_plugins/_security/api/roles/a%2F%2E%2E%2Fb%3Fc%23d%20e%25"
        );
        assert_eq!(
            Request::get("roles", "shop-api_1").path,
            "/_plugins/_security/api/roles/shop-api_1"
        );
    }

    #[test]
    fn a_message_contains_no_session_token() {
        let token = "IQoJb3JpZ2luX2Vj".to_owned() + &"a".repeat(300);
        let body = format!("The Canonical String was x-amz-security-token:{token}");
        let said = response(403, &body).said();
        assert!(said.starts_with("status 403: The Canonical"), "{said}");
        assert!(!said.contains("IQoJ"), "{said}");
    }
}
