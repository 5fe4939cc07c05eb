//! Errors in the format of AWS JSON 1.1, with the cause that AWS does not reveal.

use std::time::{Duration, SystemTime};

use bytes::Bytes;
use http::{Response, StatusCode};
use irsa_chain::Cause;
use irsa_policy::Reason;
use serde_json::json;

use super::MEDIA_TYPE;
use crate::iam;
use crate::reply;
use crate::sigv4::sentences::{self, Messages};
use crate::sigv4::{SignatureFault, SignedRequest};

/// An error response. All have status 400.
#[derive(Debug)]
pub(super) struct SecretError {
    pub(super) code: &'static str,
    message: String,
    /// The message for the ledger, if the caller's repeats the caller's input.
    logged: Option<String>,
    pub(super) cause: Option<Cause>,
}

impl SecretError {
    /// The lab supports one operation.
    pub(super) fn unknown_operation() -> Self {
        Self::new("UnknownOperationException", "")
    }

    /// The body is not JSON, or has parameters that the lab does not support.
    pub(super) fn parameters(why: &str) -> Self {
        Self::new("ValidationException", why)
    }

    /// The caller's policies do not allow the request.
    pub(super) fn denied(principal: &str, (action, resource): (&str, &str), why: &Reason) -> Self {
        let why = iam::denial(action, why);
        let message = format!(
            "User: {principal} is not authorized to perform: {action} on resource: {resource} {why}"
        );
        Self::new("AccessDeniedException", message)
    }

    /// The caller may read the secret, but not use its key. Secrets Manager does not name the key.
    pub(super) fn key_denied() -> Self {
        Self::new("AccessDeniedException", "Access to KMS is not allowed")
    }

    pub(super) fn absent() -> Self {
        Self::new(
            "ResourceNotFoundException",
            "Secrets Manager can't find the specified secret.",
        )
    }

    /// The signature is rejected.
    pub(super) fn signature(
        fault: &SignatureFault,
        request: &SignedRequest<'_>,
        (now, ahead): (SystemTime, Duration),
    ) -> Self {
        let (code, message) = match fault {
            SignatureFault::Missing => (
                "MissingAuthenticationTokenException",
                "Request is missing Authentication Token".to_owned(),
            ),
            SignatureFault::Incomplete(_) => {
                let Messages { caller, log } = sentences::incomplete(fault, request);
                return Self {
                    logged: Some(log),
                    cause: Some(fault.cause()),
                    ..Self::new("IncompleteSignatureException", caller)
                };
            }
            SignatureFault::UnknownCredentials => {
                ("UnrecognizedClientException", sentences::INVALID.to_owned())
            }
            SignatureFault::ExpiredCredentials => {
                ("ExpiredTokenException", sentences::EXPIRED.to_owned())
            }
            SignatureFault::WrongScope { region: true, .. } => (
                SIGNATURE,
                "Credential should be scoped to a valid region.".to_owned(),
            ),
            SignatureFault::WrongScope { .. } => (
                SIGNATURE,
                "Credential should be scoped to correct service: 'secretsmanager'.".to_owned(),
            ),
            SignatureFault::TooOld { signed_at } => {
                (SIGNATURE, sentences::too_old(*signed_at, now))
            }
            SignatureFault::TooNew { signed_at } => {
                (SIGNATURE, sentences::too_new(*signed_at, now, ahead))
            }
            SignatureFault::HostUnsigned => (SIGNATURE, sentences::HOST_UNSIGNED.to_owned()),
            SignatureFault::Mismatch => (SIGNATURE, sentences::MISMATCH.to_owned()),
        };
        Self {
            cause: Some(fault.cause()),
            ..Self::new(code, message)
        }
    }

    /// Returns the message for the ledger.
    pub(super) fn log_text(&self) -> &str {
        self.logged.as_ref().unwrap_or(&self.message)
    }

    /// Returns the HTTP response.
    pub(super) fn response(&self) -> Response<Bytes> {
        let body = json!({"__type": self.code, "Message": self.message});
        reply::with_type(MEDIA_TYPE, StatusCode::BAD_REQUEST, body.to_string())
    }

    fn new(code: &'static str, message: impl Into<String>) -> Self {
        Self {
            code,
            message: message.into(),
            logged: None,
            cause: None,
        }
    }
}

const SIGNATURE: &str = "InvalidSignatureException";
