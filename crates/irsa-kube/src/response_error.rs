//! The errors of responses, and of requests without a response.

use http::StatusCode;
use irsa_chain::untrusted::printable;
use irsa_net::error_chain::innermost;
use serde::Deserialize;

use crate::ReadErrorKind;

/// The maximum number of characters kept of a text from the API server.
const MAX_TEXT: usize = 300;

/// The object of an error ("Status" in the Kubernetes API reference).
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(crate) struct Status {
    pub(crate) code: u16,
    message: String,
    reason: String,
}

pub(crate) fn no_response(error: &kube_client::Error) -> ReadErrorKind {
    match error {
        kube_client::Error::Auth(_) => ReadErrorKind::NoCredentials,
        kube_client::Error::HyperError(_) | kube_client::Error::Service(_) => {
            ReadErrorKind::Unreachable(shown(&innermost(error).to_string()))
        }
        _ => ReadErrorKind::Other("cannot send the request".to_owned()),
    }
}

pub(crate) fn error_status(status: StatusCode, body: &[u8]) -> ReadErrorKind {
    let object = serde_json::from_slice(body).unwrap_or_default();
    error_kind(status, &object)
}

/// The kind of error of a response with this status; its object tells apart errors with the same status.
pub(crate) fn error_kind(status: StatusCode, object: &Status) -> ReadErrorKind {
    let message = match object.message.as_str() {
        "" => format!("the API server returned {status}"),
        message => shown(message),
    };
    match status {
        StatusCode::UNAUTHORIZED => ReadErrorKind::Unauthenticated,
        StatusCode::FORBIDDEN => ReadErrorKind::Denied(message),
        StatusCode::NOT_FOUND => ReadErrorKind::Absent,
        StatusCode::CONFLICT if object.reason == "AlreadyExists" => ReadErrorKind::AlreadyExists,
        StatusCode::CONFLICT => ReadErrorKind::Conflict(message),
        StatusCode::GONE => ReadErrorKind::Expired(message),
        _ => ReadErrorKind::Other(message),
    }
}

/// Makes a foreign text fit for an error.
pub(crate) fn shown(text: &str) -> String {
    printable(text).longest(MAX_TEXT).to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_error_contains_the_message_of_the_api_server() {
        let body = br#"{"kind": "Status", "message": "pods \"x\" is forbidden\nfor you"}"#;
        let expected = ReadErrorKind::Denied(r#"pods "x" is forbidden\nfor you"#.to_owned());
        assert_eq!(error_status(StatusCode::FORBIDDEN, body), expected);
        let nonsense = error_status(StatusCode::BAD_GATEWAY, b"<html>");
        assert!(nonsense.to_string().contains("502"), "{nonsense}");
    }

    #[test]
    fn the_reason_tells_an_existing_object_from_a_conflict() {
        let exists = br#"{"message": "secrets \"a\" already exists", "reason": "AlreadyExists"}"#;
        let kind = error_status(StatusCode::CONFLICT, exists);
        assert_eq!(kind, ReadErrorKind::AlreadyExists);
        let changed = br#"{"message": "it has been modified", "reason": "Conflict"}"#;
        let kind = error_status(StatusCode::CONFLICT, changed);
        assert_eq!(
            kind,
            ReadErrorKind::Conflict("it has been modified".to_owned())
        );
        let gone = error_status(StatusCode::GONE, br#"{"message": "too old"}"#);
        assert_eq!(gone, ReadErrorKind::Expired("too old".to_owned()));
    }
}
