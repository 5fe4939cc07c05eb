//! Why something could not be read.

use irsa_identity::{ApiError, IdentityError, scrub};

/// Why something could not be read. Holds no secret.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{action}`: {text}")]
pub struct ReadError {
    /// What kind of failure it is.
    pub kind: ReadErrorKind,
    /// The action that has to be allowed for this call, such as `iam:GetRole`.
    pub action: &'static str,
    /// What AWS said, or what failed on the way.
    pub text: String,
}

/// What kind of failure it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum ReadErrorKind {
    /// The credentials may not make this call.
    Denied,
    /// There is no such thing in the account and region that were asked.
    Absent,
    /// Too many calls were made.
    Throttled,
    /// The API could not be reached, or did not answer in time.
    Unreachable,
    /// There are no credentials, or AWS does not know them.
    Credentials,
    /// AWS failed, or answered what makes no sense.
    Other,
}

impl ReadError {
    pub(crate) fn absent(action: &'static str, text: impl Into<String>) -> Self {
        let kind = ReadErrorKind::Absent;
        let text = text.into();
        Self { kind, action, text }
    }

    pub(crate) fn senseless(action: &'static str, why: impl std::fmt::Display) -> Self {
        Self {
            kind: ReadErrorKind::Other,
            action,
            text: format!(
                "the answer makes no sense: {}",
                scrub(&why.to_string(), &[])
            ),
        }
    }

    /// A refusal with AWS's own words; `code` is empty where the protocol tells none.
    pub(crate) fn refused(action: &'static str, status: u16, code: &str, message: &str) -> Self {
        let text = match (code, message) {
            ("", "") => format!("HTTP status {status}"),
            ("", message) => message.to_owned(),
            (code, message) => format!("{code}: {message}"),
        };
        Self {
            kind: kind_of(status, code, message),
            action,
            text: scrub(&text, &[]),
        }
    }

    pub(crate) fn unanswered(action: &'static str, error: ApiError) -> Self {
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

/// As the SDKs know them ("Retry behavior" in the AWS SDKs and Tools Reference Guide), without their last syllables.
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

/// The codes are those of "Common errors" in the API references of IAM, RDS and OpenSearch Service, and of the calls.
fn kind_of(status: u16, code: &str, message: &str) -> ReadErrorKind {
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
    fn kinds_are_told_by_code_message_and_status() {
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
                kind_of(status, code, message),
                kind,
                "{status} {code} {message}"
            );
        }
    }

    #[test]
    fn what_aws_quotes_is_scrubbed() {
        let token = "IQoJb3JpZ2luX2VjE".repeat(8);
        let error = ReadError::refused("iam:GetRole", 403, "SignatureDoesNotMatch", &token);
        assert!(!error.to_string().contains(&token), "{error}");
    }
}
