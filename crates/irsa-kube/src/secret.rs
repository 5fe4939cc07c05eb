//! Reads Secrets.

use std::collections::BTreeMap;
use std::fmt;

use k8s_openapi::ByteString;
use secrecy::SecretString;
use serde::Deserialize;

use crate::reader::{encoded, rule};
use crate::{KubeReader, ReadError};

/// The values of a Secret that are text, by key. `Debug` shows the keys only.
#[derive(Clone, Default)]
pub struct Secret {
    values: BTreeMap<String, SecretString>,
}

impl KubeReader {
    /// A Secret. The permission that this needs is for this Secret alone: see [`crate::Rule::command_for_object`].
    ///
    /// # Errors
    /// See [`crate::ReadErrorKind`].
    pub async fn secret(&self, namespace: &str, name: &str) -> Result<Secret, ReadError> {
        let rule = rule("get", "secrets", Some(namespace), Some(name));
        let path = format!(
            "/api/v1/namespaces/{}/secrets/{}",
            encoded(namespace),
            encoded(name)
        );
        let object: SecretObject = self.get(rule, &path).await?;
        Ok(object.into())
    }
}

/// The object of the API, whose values are in base64.
#[derive(Deserialize)]
struct SecretObject {
    #[serde(default)]
    data: BTreeMap<String, ByteString>,
}

impl From<SecretObject> for Secret {
    fn from(object: SecretObject) -> Self {
        let text = |(key, ByteString(bytes))| {
            let text = String::from_utf8(bytes).ok()?;
            Some((key, text.into()))
        };
        Self {
            values: object.data.into_iter().filter_map(text).collect(),
        }
    }
}

// === impl Secret ===

impl Secret {
    /// The value of a key.
    pub fn get(&self, key: &str) -> Option<&SecretString> {
        self.values.get(key)
    }

    /// All keys.
    pub fn keys(&self) -> impl Iterator<Item = &str> {
        self.values.keys().map(String::as_str)
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_set().entries(self.values.keys()).finish()
    }
}

#[cfg(test)]
mod tests {
    use secrecy::ExposeSecret as _;

    use super::*;

    #[test]
    fn values_are_decoded_and_not_shown() {
        let text = r#"{"data": {"password": "aHVzaA==", "binary": "/w=="}, "type": "Opaque"}"#;
        let object: SecretObject = serde_json::from_str(text).unwrap();
        let secret = Secret::from(object);
        assert_eq!(secret.get("password").unwrap().expose_secret(), "hush");
        assert!(secret.get("binary").is_none());
        assert_eq!(format!("{secret:?}"), r#"{"password"}"#);
    }

    #[test]
    fn a_secret_can_be_empty() {
        let object: SecretObject = serde_json::from_str(r#"{"type": "Opaque"}"#).unwrap();
        assert_eq!(Secret::from(object).keys().count(), 0);
    }
}
