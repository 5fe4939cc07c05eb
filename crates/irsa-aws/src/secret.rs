//! Secrets in Secrets Manager (Secrets Manager API Reference, "GetSecretValue").

use irsa_chain::{Arn, Region};
use irsa_identity::{ApiAnswer, SecretString};
use serde::Deserialize;
use serde_json::json;

use crate::endpoints::Service;
use crate::{AwsReader, ReadError, error_response};

const GET: &str = "secretsmanager:GetSecretValue";
const DECRYPT: &str = "kms:Decrypt";

/// The message of Secrets Manager if the caller may read the secret, but not use its key. It is an
/// `AccessDeniedException` like any other.
const KEY_DENIED: &str = "Access to KMS is not allowed";

/// The current value. A binary secret lacks one.
#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct SecretValue {
    secret_string: Option<String>,
}

impl AwsReader {
    /// Reads the text of a secret, in the secret's region.
    ///
    /// # Errors
    /// See [`ReadError`]. If the caller may read the secret, but not decrypt it, the action of the error is `kms:Decrypt`.
    pub async fn secret_text(&self, secret: &Arn) -> Result<SecretString, ReadError> {
        let region: Region = secret
            .region()
            .parse()
            .map_err(|_| ReadError::unsupported(GET, "the ARN of the secret has no region"))?;
        let body = json!({ "SecretId": secret.as_str() }).to_string();
        let about = (Service::SecretsManager, &region);
        let target = "secretsmanager.GetSecretValue";
        let answer = self.call_json(GET, about, target, body).await?;
        read(&answer)
    }
}

fn read(answer: &ApiAnswer) -> Result<SecretString, ReadError> {
    if answer.status >= 300 {
        return Err(refused(answer));
    }
    // The error of the parser would quote what it cannot read.
    let value: Result<SecretValue, _> = serde_json::from_slice(&answer.body);
    let value = value.map_err(|_| ReadError::invalid(GET, "it is not the JSON of a secret"))?;
    let absent = || ReadError::invalid(GET, "the secret has no text");
    value.secret_string.map(Into::into).ok_or_else(absent)
}

fn refused(answer: &ApiAnswer) -> ReadError {
    let error = error_response::read(GET, answer);
    if error.text.contains(KEY_DENIED) {
        return ReadError {
            action: DECRYPT,
            ..error
        };
    }
    error
}

#[cfg(test)]
mod tests {
    use irsa_identity::ExposeSecret as _;

    use super::*;
    use crate::ReadErrorKind;

    fn answer(status: u16, body: &str) -> ApiAnswer {
        let body = body.as_bytes().to_vec();
        ApiAnswer { status, body }
    }

    #[test]
    fn the_text_of_a_secret_is_read() {
        let body = r#"{"ARN": "x", "SecretString": "{\"password\": \"hush\"}", "VersionStages": ["AWSCURRENT"]}"#;
        let text = read(&answer(200, body)).unwrap();
        assert_eq!(text.expose_secret(), r#"{"password": "hush"}"#);
        assert!(!format!("{text:?}").contains("hush"));
    }

    #[test]
    fn an_unusable_response_is_not_quoted() {
        for body in [
            "{\"SecretBinary\": \"aHVzaA==\"}",
            "{\"SecretString\": 7, \"hush\"",
            "hush",
        ] {
            let error = read(&answer(200, body)).unwrap_err();
            assert_eq!(error.kind, ReadErrorKind::Other);
            assert!(!error.to_string().contains("hush"), "{error}");
            assert!(!error.to_string().contains("aHVz"), "{error}");
        }
    }

    #[test]
    fn a_denied_key_is_told_from_a_denied_secret() {
        for (message, action) in [
            (
                "User: x is not authorized to perform: secretsmanager:GetSecretValue on resource: y",
                GET,
            ),
            ("Access to KMS is not allowed", DECRYPT),
        ] {
            let body = json!({"__type": "AccessDeniedException", "Message": message}).to_string();
            let error = read(&answer(400, &body)).unwrap_err();
            assert_eq!((error.kind, error.action), (ReadErrorKind::Denied, action));
        }
        let body = r#"{"__type": "ResourceNotFoundException", "Message": "Secrets Manager can't find the specified secret."}"#;
        assert_eq!(
            read(&answer(400, body)).unwrap_err().kind,
            ReadErrorKind::Absent
        );
    }
}
