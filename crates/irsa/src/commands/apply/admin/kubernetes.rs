//! A login in a Secret, read from the Kubernetes API.

use std::fmt;
use std::str::FromStr;

use irsa_apply::ApplyError;
use irsa_apply::postgres::PasswordLogin;
use irsa_identity::ExposeSecret as _;
use irsa_kube::{KubeReader, ReadError, ReadErrorKind, Secret};

use super::ClusterAccess;

/// The RBAC role in the remedy.
const ROLE: &str = "irsa-setup";

/// The name of a Secret, and of the key with the login; without a key, the Secret has the keys of
/// `kubernetes.io/basic-auth`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct SecretName {
    pub(super) namespace: String,
    pub(super) name: String,
    pub(super) key: Option<String>,
}

/// Reads the login.
///
/// # Errors
/// The Secret can't be read, or has no login.
pub(super) async fn login(
    cluster: &ClusterAccess,
    secret: &SecretName,
) -> Result<PasswordLogin, ApplyError> {
    let reader = KubeReader::connect(cluster.kubeconfig.as_deref(), cluster.context.as_deref());
    let reader = reader.await.map_err(|error| {
        ApplyError::new(format!("cannot read Secret {secret}: {error}")).with_remedy(error.remedy())
    })?;
    let found = reader.secret(&secret.namespace, &secret.name).await;
    let found = found.map_err(|error| unreadable(&reader, secret, &error))?;
    secret.login(&found)
}

fn unreadable(reader: &KubeReader, secret: &SecretName, error: &ReadError) -> ApplyError {
    let message = format!("API server {}: {error}", reader.address());
    let remedy = match &error.kind {
        ReadErrorKind::Denied(_) => {
            let command = error.rule.command_for_object(ROLE, error.user());
            format!("allow this user to read this Secret, and no other: {command}")
        }
        ReadErrorKind::Absent => format!(
            "create Secret {secret} with the keys `username` and `password`, or correct --admin"
        ),
        _ => "check that `kubectl get namespaces` works with the same kubeconfig and context"
            .to_owned(),
    };
    ApplyError::new(message).with_remedy(remedy)
}

// === impl SecretName ===

impl SecretName {
    fn login(&self, found: &Secret) -> Result<PasswordLogin, ApplyError> {
        if let Some(key) = &self.key {
            let text = found.get(key).ok_or_else(|| self.without(key, found))?;
            let login = text.expose_secret().parse();
            return login
                .map_err(|error| ApplyError::new(format!("key `{key}` of Secret {self} {error}")));
        }
        let value = |key: &str| found.get(key).ok_or_else(|| self.without(key, found));
        let (user, password) = (value("username")?, value("password")?);
        Ok(PasswordLogin::from_basic_auth(
            user.expose_secret(),
            password.expose_secret(),
        ))
    }

    fn without(&self, key: &str, found: &Secret) -> ApplyError {
        let keys: Vec<_> = found.keys().map(|key| format!("`{key}`")).collect();
        let keys = if keys.is_empty() {
            "it has no keys".to_owned()
        } else {
            format!("its keys are {}", keys.join(", "))
        };
        let message = format!("Secret {self} has no key `{key}`: {keys}");
        let Self {
            namespace, name, ..
        } = self;
        let remedy = format!(
            "name the key with a connection string, or with JSON that has `username` and `password`: --admin \
             kubernetes:{namespace}/{name}:KEY"
        );
        ApplyError::new(message).with_remedy(remedy)
    }
}

impl FromStr for SecretName {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let (path, key) = match text.split_once(':') {
            Some((path, key)) => (path, Some(key)),
            None => (text, None),
        };
        let parts = path.split_once('/');
        let parts = parts.filter(|(namespace, name)| is_name(namespace) && is_name(name));
        let (namespace, name) = parts
            .filter(|_| key.is_none_or(is_key))
            .ok_or("kubernetes: expected NAMESPACE/NAME or NAMESPACE/NAME:KEY")?;
        Ok(Self {
            namespace: namespace.to_owned(),
            name: name.to_owned(),
            key: key.map(str::to_owned),
        })
    }
}

fn is_name(text: &str) -> bool {
    let is_part =
        |char: char| char.is_ascii_lowercase() || char.is_ascii_digit() || "-.".contains(char);
    !text.is_empty() && text.chars().all(is_part)
}

fn is_key(text: &str) -> bool {
    let is_part = |char: char| char.is_ascii_alphanumeric() || "-._".contains(char);
    !text.is_empty() && text.chars().all(is_part)
}

impl fmt::Display for SecretName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "`{}/{}`", self.namespace, self.name)
    }
}
