//! Reads and writes Secrets.

use std::collections::BTreeMap;
use std::fmt;

use k8s_openapi::ByteString;
use secrecy::{ExposeSecret as _, SecretString};
use serde::Deserialize;
use serde_json::{Value, json};

use crate::api_request::{ApiRequest, encoded};
use crate::reader::{parse, rule};
use crate::{KubeReader, Metadata, ReadError, Rule};

const SECRETS: &str = "secrets";

/// The values of a Secret that are text, by key. `Debug` shows the keys only.
#[derive(Clone, Default)]
pub struct Secret {
    values: BTreeMap<String, SecretString>,
    /// The type of the Secret, and its metadata as JSON: a replacement keeps both. The annotations that `kubectl apply`
    /// adds contain the values.
    kind: Option<String>,
    metadata: SecretString,
}

/// A Secret of type `Opaque` to create. `Debug` shows no values.
#[derive(Debug, Clone, Default)]
pub struct NewSecret {
    /// The namespace.
    pub namespace: String,
    /// The name.
    pub name: String,
    /// The labels.
    pub labels: BTreeMap<String, String>,
    /// The values by key.
    pub values: BTreeMap<String, SecretString>,
}

impl KubeReader {
    /// A Secret. The permission that this needs is for this Secret alone: see [`Rule::command_for_object`].
    ///
    /// # Errors
    /// See [`crate::ReadErrorKind`].
    pub async fn secret(&self, namespace: &str, name: &str) -> Result<Secret, ReadError> {
        let rule = rule("get", SECRETS, Some(namespace), Some(name));
        let object: SecretObject = self.get(rule, &path(namespace, Some(name))).await?;
        Ok(object.into())
    }

    /// Creates a Secret and returns it. Permissions to create objects cannot be limited to a name.
    ///
    /// # Errors
    /// See [`crate::ReadErrorKind`]; [`AlreadyExists`](crate::ReadErrorKind::AlreadyExists) if there is a Secret with
    /// this name.
    pub async fn create_secret(&self, new: &NewSecret) -> Result<Secret, ReadError> {
        let rule = rule("create", SECRETS, Some(&new.namespace), None);
        let path = path(&new.namespace, None);
        let metadata = json!({"name": new.name, "labels": new.labels});
        let object = object(&metadata, Some("Opaque"), &new.values);
        self.write(&rule, ApiRequest::create(&path, &object)).await
    }

    /// Replaces all values of a Secret, also those that are not text, and returns it. Its labels, annotations and type
    /// stay as they were read.
    ///
    /// # Errors
    /// See [`crate::ReadErrorKind`]; [`Conflict`](crate::ReadErrorKind::Conflict) if the Secret has changed since it was
    /// read, and [`Absent`](crate::ReadErrorKind::Absent) if it was deleted.
    pub async fn replace_secret(
        &self,
        read: &Secret,
        values: &BTreeMap<String, SecretString>,
    ) -> Result<Secret, ReadError> {
        let metadata: Value =
            serde_json::from_str(read.metadata.expose_secret()).unwrap_or_default();
        let text = |key: &str| metadata[key].as_str().unwrap_or_default().to_owned();
        let (namespace, name) = (text("namespace"), text("name"));
        let rule = rule("update", SECRETS, Some(&namespace), Some(&name));
        let path = path(&namespace, Some(&name));
        let object = object(&metadata, read.kind.as_deref(), values);
        self.write(&rule, ApiRequest::replace(&path, &object)).await
    }

    async fn write(&self, rule: &Rule, request: ApiRequest) -> Result<Secret, ReadError> {
        let answer = self.send(rule, request).await?;
        let object: SecretObject = parse(rule, &answer.body)?;
        Ok(object.into())
    }
}

fn path(namespace: &str, name: Option<&str>) -> String {
    let secrets = format!("/api/v1/namespaces/{}/secrets", encoded(namespace));
    match name {
        Some(name) => format!("{secrets}/{}", encoded(name)),
        None => secrets,
    }
}

fn object(metadata: &Value, kind: Option<&str>, values: &BTreeMap<String, SecretString>) -> Value {
    let encoded = |value: &SecretString| ByteString(value.expose_secret().as_bytes().to_vec());
    let data: BTreeMap<_, _> = values
        .iter()
        .map(|(key, value)| (key, encoded(value)))
        .collect();
    json!({
        "apiVersion": "v1",
        "kind": "Secret",
        "metadata": metadata,
        "type": kind,
        "data": data,
    })
}

/// The object of the API, whose values are in base64.
#[derive(Deserialize)]
struct SecretObject {
    #[serde(default)]
    metadata: Value,
    #[serde(rename = "type")]
    kind: Option<String>,
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
            kind: object.kind,
            metadata: object.metadata.to_string().into(),
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

    /// The labels and the version. The annotations, which can contain values, are removed.
    pub fn metadata(&self) -> Metadata {
        let metadata = serde_json::from_str(self.metadata.expose_secret());
        let mut metadata: Metadata = metadata.unwrap_or_default();
        metadata.annotations.clear();
        metadata
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_set().entries(self.values.keys()).finish()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn secret(text: &str) -> Secret {
        serde_json::from_str::<SecretObject>(text).unwrap().into()
    }

    #[test]
    fn values_are_decoded_and_not_shown() {
        let secret = secret(
            r#"{"metadata": {"annotations": {"last-applied": "hush"}, "labels": {"a": "b"}},
                "data": {"password": "aHVzaA==", "binary": "/w=="}, "type": "Opaque"}"#,
        );
        assert_eq!(secret.get("password").unwrap().expose_secret(), "hush");
        assert!(secret.get("binary").is_none());
        assert_eq!(format!("{secret:?}"), r#"{"password"}"#);
        let metadata = secret.metadata();
        assert_eq!(metadata.labels["a"], "b");
        assert!(metadata.annotations.is_empty());
    }

    #[test]
    fn a_secret_can_be_empty() {
        assert_eq!(secret(r#"{"type": "Opaque"}"#).keys().count(), 0);
    }

    #[test]
    fn a_new_secret_shows_no_values() {
        let new = NewSecret {
            name: "a".to_owned(),
            values: [("key".to_owned(), "hush".into())].into(),
            ..NewSecret::default()
        };
        let shown = format!("{new:?}");
        assert!(shown.contains("key") && !shown.contains("hush"), "{shown}");
    }
}
