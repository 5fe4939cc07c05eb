//! The content of a token. The defaults are those of a valid one; every field can be set to an invalid value.

use irsa_chain::ServiceAccount;
use serde::{Deserialize, Serialize};

/// The lifetime of projected tokens on EKS in seconds: 24 h.
const DEFAULT_LIFE: i64 = 86_400;

/// A token to mint. In JSON, the body of `POST /mint`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TokenSpec {
    /// The service account.
    pub service_account: ServiceAccount,
    /// `aud`.
    #[serde(default)]
    pub audience: Audience,
    /// `iss`, if it differs from the issuer's URL.
    #[serde(default)]
    pub issuer: Option<String>,
    /// `sub`, if it differs from the service account's.
    #[serde(default)]
    pub subject: Option<String>,
    /// Seconds from now to `exp`; negative if the token has expired.
    #[serde(default = "default_life")]
    pub expires_in: i64,
    /// Seconds from now to `iat` and `nbf`; negative if the token was issued in the past.
    #[serde(default)]
    pub issued_in: i64,
    /// The signing key.
    #[serde(default)]
    pub key: TokenKey,
    /// The pod that the token is bound to.
    #[serde(default)]
    pub pod: Option<PodBinding>,
}

impl TokenSpec {
    /// Returns a valid token for STS.
    pub fn new(service_account: ServiceAccount) -> Self {
        Self {
            service_account,
            audience: Audience::default(),
            issuer: None,
            subject: None,
            expires_in: DEFAULT_LIFE,
            issued_in: 0,
            key: TokenKey::Current,
            pod: None,
        }
    }

    /// Sets the audience.
    #[must_use]
    pub fn audience(self, audience: impl Into<String>) -> Self {
        Self {
            audience: Audience::Of(vec![audience.into()]),
            ..self
        }
    }
}

/// The `aud` of a token.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Audience {
    /// A list of audiences.
    Of(Vec<String>),
    /// No `aud`, as in tokens of Secrets.
    Absent,
}

impl Default for Audience {
    fn default() -> Self {
        Self::Of(vec!["sts.amazonaws.com".to_owned()])
    }
}

/// The key that signs a token.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum TokenKey {
    /// The newest key.
    #[default]
    Current,
    /// The oldest published key.
    Oldest,
    /// A key that is no longer published, with its own ID.
    Retired,
    /// A key that was never published, with the ID of the newest key.
    Forged,
    /// No key: `alg` is `none`.
    Unsigned,
}

/// The pod and node that a token is bound to.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PodBinding {
    /// Pod name.
    pub name: String,
    /// Pod uid.
    pub uid: String,
    /// Node name.
    pub node: String,
    /// Node uid.
    pub node_uid: String,
    /// Uid of the service account.
    pub service_account_uid: String,
}

fn default_life() -> i64 {
    DEFAULT_LIFE
}
