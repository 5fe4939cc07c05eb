//! The error of a call.

use irsa_identity::{ApiError, IdentityError, scrub};

/// The reason why a setting could not be read. Contains no secrets.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{action}`: {text}")]
pub struct ReadError {
    /// The kind of failure.
    pub kind: ReadErrorKind,
    /// The action that the call needs, such as `iam:GetRole`.
    pub action: &'static str,
    /// The message from AWS, or the reason why there is no response.
    pub text: String,
}

/// The kind of failure.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum ReadErrorKind {
    /// The credentials have no permission for the call.
    Denied,
    /// The resource does not exist in this account and region.
    Absent,
    /// AWS throttled the call.
    Throttled,
    /// The API is unreachable, or did not respond in time.
    Unreachable,
    /// There are no credentials, or AWS does not accept them.
    Credentials,
    /// AWS returned an internal error or an invalid response.
    Other,
}

impl ReadError {
    pub(crate) fn absent(action: &'static str, text: impl Into<String>) -> Self {
        let kind = ReadErrorKind::Absent;
        let text = text.into();
        Self { kind, action, text }
    }

    /// An invalid response.
    pub(crate) fn invalid(action: &'static str, why: impl std::fmt::Display) -> Self {
        Self {
            kind: ReadErrorKind::Other,
            action,
            text: format!("invalid response: {}", scrub(&why.to_string(), &[])),
        }
    }

    /// A request that cannot be made for this input.
    pub(crate) fn unsupported(action: &'static str, why: &str) -> Self {
        Self {
            kind: ReadErrorKind::Other,
            action,
            text: why.to_owned(),
        }
    }

    /// An error response; `code` is empty if it is missing.
    pub(crate) fn from_response(
        action: &'static str,
        status: u16,
        code: &str,
        message: &str,
    ) -> Self {
        let text = match (code, message) {
            ("", "") => format!("HTTP status {status}"),
            ("", message) => message.to_owned(),
            (code, message) => format!("{code}: {message}"),
        };
        Self {
            kind: classify(status, code, message),
            action,
            text: scrub(&text, &[]),
        }
    }

    pub(crate) fn from_api(action: &'static str, error: ApiError) -> Self {
        match error {
            ApiError::Credentials(error) => Self::without_credentials(action, &error),
            ApiError::Unreachable(text) => Self {
                kind: ReadErrorKind::Unreachable,
                action,
                text,
            },
        }
    }

    pub(crate) fn without_credentials(action: &'static str, error: &IdentityError) -> Self {
        let kind = if error.is_transient() {
            ReadErrorKind::Unreachable
        } else {
            ReadErrorKind::Credentials
        };
        let text = format!("{error} ({})", error.remedy());
        Self { kind, action, text }
    }
}

/// The error codes for throttling ("Retry behavior" in the AWS SDKs and Tools Reference Guide), without their suffixes.
const THROTTLING: [&str; 8] = [
    "Throttling",
    "Throttled",
    "ThrottledRequest",
    "RequestThrottled",
    "RequestLimitExceeded",
    "TooManyRequests",
    "PriorRequestNotComplete",
    "SlowDown",
];

/// Classifies an error response by the codes in the API references of IAM, RDS and OpenSearch Service ("Common errors",
/// and the errors of each call).
fn classify(status: u16, code: &str, message: &str) -> ReadErrorKind {
    let is_one_of = |codes: &[&str]| {
        let code = code.trim_end_matches("Exception").trim_end_matches("Fault");
        codes.contains(&code)
    };
    if is_one_of(&["AccessDenied", "UnauthorizedOperation", "NotAuthorized"])
        || message.contains("not authorized to perform")
    {
        ReadErrorKind::Denied
    } else if code.starts_with("NoSuchEntity") || code.contains("NotFound") {
        ReadErrorKind::Absent
    } else if status == 429 || is_one_of(&THROTTLING) {
        ReadErrorKind::Throttled
    } else if matches!(status, 401 | 403) {
        ReadErrorKind::Credentials
    } else {
        ReadErrorKind::Other
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn errors_are_classified_by_code_message_and_status() {
        for (status, code, message, kind) in [
            (403, "AccessDenied", "", ReadErrorKind::Denied),
            (403, "AccessDeniedException", "", ReadErrorKind::Denied),
            (
                403,
                "",
                "User: x is not authorized to perform: es:ListDomainNames",
                ReadErrorKind::Denied,
            ),
            (404, "NoSuchEntity", "", ReadErrorKind::Absent),
            (404, "DBClusterNotFoundFault", "", ReadErrorKind::Absent),
            (400, "Throttling", "Rate exceeded", ReadErrorKind::Throttled),
            (
                400,
                "TooManyRequestsException",
                "",
                ReadErrorKind::Throttled,
            ),
            (429, "", "", ReadErrorKind::Throttled),
            (403, "ExpiredToken", "", ReadErrorKind::Credentials),
            (403, "SignatureDoesNotMatch", "", ReadErrorKind::Credentials),
            (500, "InternalFailure", "", ReadErrorKind::Other),
        ] {
            assert_eq!(
                classify(status, code, message),
                kind,
                "{status} {code} {message}"
            );
        }
    }

    #[test]
    fn what_aws_quotes_is_scrubbed() {
        let token = "IQoJb3JpZ2luX2VjE".repeat(8);
        let error = ReadError::from_response("iam:GetRole", 403, "SignatureDoesNotMatch", &token);
        assert!(!error.to_string().contains(&token), "{error}");
    }
}
