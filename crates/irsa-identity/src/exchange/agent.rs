//! The JSON format of credentials from agents on the node.

use std::time::SystemTime;

use aws_smithy_types::DateTime;
use aws_smithy_types::date_time::Format;
use serde::Deserialize;

use crate::SessionCredentials;

/// The response of the EKS Pod Identity agent, of ECS, and of the instance metadata service.
#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct AgentCredentials {
    access_key_id: String,
    secret_access_key: String,
    token: String,
    expiration: String,
}

/// Parses the credentials in `body`. Invalid contents are not reported, because they may include parts of a secret.
pub(super) fn credentials(body: &[u8]) -> Option<SessionCredentials> {
    let found: AgentCredentials = serde_json::from_slice(body).ok()?;
    Some(SessionCredentials::new(
        found.access_key_id,
        found.secret_access_key,
        Some(found.token.into()),
        Some(time(&found.expiration)?),
    ))
}

/// Parses an RFC 3339 time, with or without fractions of a second.
pub(super) fn time(text: &str) -> Option<SystemTime> {
    let time = DateTime::from_str(text, Format::DateTimeWithOffset).ok()?;
    SystemTime::try_from(time).ok()
}

#[cfg(test)]
mod tests {
    use std::time::{Duration, UNIX_EPOCH};

    use super::*;

    #[test]
    fn parses_the_expiration_formats_of_agents() {
        let seconds = UNIX_EPOCH + Duration::from_hours(490_000);
        assert_eq!(time("2025-11-24T16:00:00Z"), Some(seconds));
        assert_eq!(time("2025-11-24T17:00:00+01:00"), Some(seconds));
        assert_eq!(
            time("2025-11-24T16:00:00.123456789Z"),
            Some(seconds + Duration::from_nanos(123_456_789))
        );
        assert_eq!(time("tomorrow"), None);
    }

    #[test]
    fn an_incomplete_response_contains_no_credentials() {
        let whole = r#"{"AccessKeyId":"A","SecretAccessKey":"S","Token":"T","AccountId":"1","Expiration":"2025-11-24T16:00:00Z"}"#;
        assert!(credentials(whole.as_bytes()).is_some());
        for field in ["AccessKeyId", "SecretAccessKey", "Token", "Expiration"] {
            assert!(
                credentials(whole.replace(field, "Other").as_bytes()).is_none(),
                "{field}"
            );
        }
    }
}
