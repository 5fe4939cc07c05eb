//! Errors with AWS's codes, statuses and texts, and with the cause that AWS does not reveal.

use std::borrow::Cow;

use bytes::Bytes;
use http::{Response, StatusCode};
use irsa_chain::Cause;

use super::parameters::Parameters;
use super::xml::{self, Element, STS_NAMESPACE};
use crate::faults::StsFaultKind;

/// The XML namespace of errors from layers in front of the service.
const FAULT_NAMESPACE: &str = "http://webservices.amazon.com/AWSFault/2005-15-09";

/// An error response.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct StsError {
    pub(super) status: StatusCode,
    pub(super) code: Cow<'static, str>,
    pub(super) message: String,
    pub(super) cause: Option<Cause>,
    /// The ledger's message, if the caller's repeats the caller's input.
    logged: Option<String>,
    /// Additional details for the ledger; never contain a secret.
    detail: Option<String>,
    namespace: &'static str,
}

impl StsError {
    /// Returns an error of the service.
    pub(super) fn new(
        status: StatusCode,
        code: &'static str,
        message: impl Into<String>,
        cause: impl Into<Option<Cause>>,
    ) -> Self {
        Self {
            status,
            code: code.into(),
            message: message.into(),
            cause: cause.into(),
            logged: None,
            detail: None,
            namespace: STS_NAMESPACE,
        }
    }

    /// The projected token is rejected.
    pub(super) fn identity_token(message: impl Into<String>, cause: Cause) -> Self {
        Self::new(
            StatusCode::BAD_REQUEST,
            "InvalidIdentityToken",
            message,
            cause,
        )
    }

    /// A parameter is invalid.
    pub(super) fn validation(message: impl Into<String>, cause: impl Into<Option<Cause>>) -> Self {
        Self::new(StatusCode::BAD_REQUEST, "ValidationError", message, cause)
    }

    /// A parameter is invalid, and the chain has no cause for it.
    pub(super) fn parameter(code: &'static str, message: impl Into<String>) -> Self {
        Self::new(StatusCode::BAD_REQUEST, code, message, None)
    }

    /// IAM denies the request.
    pub(super) fn access_denied(message: impl Into<String>, cause: Cause) -> Self {
        Self::new(StatusCode::FORBIDDEN, "AccessDenied", message, cause)
    }

    /// The operation does not exist in this version.
    pub(super) fn no_operation(parameters: &Parameters) -> Self {
        let action = parameters.get("Action").unwrap_or("");
        let version = parameters.get("Version").unwrap_or("");
        Self {
            cause: None,
            namespace: FAULT_NAMESPACE,
            message: format!("Could not find operation {action} for version {version}"),
            ..Self::plain(StatusCode::BAD_REQUEST, "InvalidAction")
        }
    }

    /// The lab does not support a feature, and rejects it instead of ignoring it.
    pub(super) fn not_in_the_lab(what: &str) -> Self {
        let message = format!("The lab does not evaluate {what}.");
        Self {
            message,
            ..Self::plain(StatusCode::NOT_IMPLEMENTED, "NotImplemented")
        }
    }

    /// Returns the error of a fault.
    pub(super) fn from_fault(kind: &StsFaultKind, account: &str) -> Self {
        let (status, code, message) = match kind {
            StsFaultKind::Throttle => (400, "Throttling".into(), "Rate exceeded".to_owned()),
            StsFaultKind::InternalError => (500, "InternalFailure".into(), INTERNAL.to_owned()),
            StsFaultKind::IdpCommunication => (400, "IDPCommunicationError".into(), IDP.to_owned()),
            StsFaultKind::RegionDisabled => (
                403,
                "RegionDisabledException".into(),
                region_disabled(account),
            ),
            StsFaultKind::Error {
                code,
                status,
                message,
            } => (*status, Cow::Owned(code.clone()), message.clone()),
        };
        let status = StatusCode::from_u16(status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
        Self {
            code,
            message,
            ..Self::plain(status, "")
        }
    }

    /// Adds details that only the ledger may contain.
    #[must_use]
    pub(super) fn because(self, detail: impl Into<String>) -> Self {
        Self {
            detail: Some(detail.into()),
            ..self
        }
    }

    /// Sets a message for the ledger that differs from the caller's.
    #[must_use]
    pub(super) fn logged_as(self, text: String) -> Self {
        Self {
            logged: Some(text),
            ..self
        }
    }

    /// Returns the message for the ledger.
    pub(super) fn log_text(&self) -> String {
        let text = self.logged.as_ref().unwrap_or(&self.message);
        match &self.detail {
            Some(detail) => format!("{text}: {detail}"),
            None => text.clone(),
        }
    }

    /// Returns the HTTP response.
    pub(super) fn response(&self, request_id: &str) -> Response<Bytes> {
        let at_fault = if self.status.is_server_error() {
            "Receiver"
        } else {
            "Sender"
        };
        let error = vec![
            Element::Text("Type", at_fault.to_owned()),
            Element::Text("Code", self.code.to_string()),
            Element::Text("Message", self.message.clone()),
        ];
        xml::error(self.status, self.namespace, error, request_id)
    }

    fn plain(status: StatusCode, code: &'static str) -> Self {
        Self {
            status,
            code: code.into(),
            message: String::new(),
            cause: None,
            logged: None,
            detail: None,
            namespace: STS_NAMESPACE,
        }
    }
}

/// STS API Reference, "Common Error Types".
const INTERNAL: &str =
    "The request processing has failed because of an unknown error, exception or failure.";
/// STS API Reference, `IDPCommunicationError`.
const IDP: &str = "The request could not be fulfilled because the identity provider (IDP) that was \
                   asked to verify the incoming identity token could not be reached.";

fn region_disabled(account: &str) -> String {
    format!(
        "STS is not activated in this region for account:{account}. Your account administrator can \
         activate STS in this region using the IAM Console."
    )
}
