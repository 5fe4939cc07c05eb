//! The JSON format of credentials from agents on the node.

use irsa_chain::timestamp::parse_rfc3339;
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
        Some(parse_rfc3339(&found.expiration)?),
    ))
}

#[cfg(test)]
mod tests {
    use super::*;

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
