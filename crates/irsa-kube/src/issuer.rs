//! The cluster as an OIDC issuer.

use serde::Deserialize;
use serde::de::IgnoredAny;

use crate::reader::rule;
use crate::{KubeReader, ReadError};

/// The API server's discovery document ("Service account issuer discovery" in the Kubernetes documentation).
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct Discovery {
    /// The `iss` of its tokens.
    pub issuer: String,
    /// The URL of the keys that verify them.
    pub jwks_uri: String,
}

impl KubeReader {
    /// The issuer of service account tokens. Every service account can read it; users need the cluster role
    /// `system:service-account-issuer-discovery`.
    ///
    /// # Errors
    /// See [`crate::ReadErrorKind`].
    pub async fn issuer(&self) -> Result<Discovery, ReadError> {
        let rule = rule("get", "/.well-known/openid-configuration", None, None);
        self.get(rule, "/.well-known/openid-configuration").await
    }

    /// The number of published signing keys.
    ///
    /// # Errors
    /// See [`crate::ReadErrorKind`].
    pub async fn signing_keys(&self) -> Result<usize, ReadError> {
        #[derive(Deserialize)]
        struct Keys {
            keys: Vec<IgnoredAny>,
        }
        let rule = rule("get", "/openid/v1/jwks", None, None);
        let keys: Keys = self.get(rule, "/openid/v1/jwks").await?;
        Ok(keys.keys.len())
    }
}
