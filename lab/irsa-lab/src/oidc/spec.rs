//! What a token shall say. The defaults make a good one; every field can be made wrong.

use irsa_chain::ServiceAccount;
use serde::{Deserialize, Serialize};

/// EKS's life of projected tokens in seconds: 24 h.
const DEFAULT_LIFE: i64 = 86_400;

/// A token to be minted. As JSON it is the body of `POST /mint`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TokenSpec {
    /// Whose token it is.
    pub service_account: ServiceAccount,
    /// `aud`.
    #[serde(default)]
    pub audience: Audience,
    /// `iss`, if not the issuer's own URL.
    #[serde(default)]
    pub issuer: Option<String>,
    /// `sub`, if not the service account's.
    #[serde(default)]
    pub subject: Option<String>,
    /// Seconds from now to `exp`; negative: expired.
    #[serde(default = "default_life")]
    pub expires_in: i64,
    /// Seconds from now to `iat` and `nbf`; negative: issued in the past.
    #[serde(default)]
    pub issued_in: i64,
    /// What signs it.
    #[serde(default)]
    pub key: TokenKey,
    /// The pod it is bound to.
    #[serde(default)]
    pub pod: Option<PodBinding>,
}

impl TokenSpec {
    /// A good token for STS.
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

    /// The same with another audience.
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
    /// These, as a list.
    Of(Vec<String>),
    /// No such claim, as in tokens of Secrets.
    Absent,
}

impl Default for Audience {
    fn default() -> Self {
        Self::Of(vec!["sts.amazonaws.com".to_owned()])
    }
}

/// What signs a token.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum TokenKey {
    /// The newest key.
    #[default]
    Current,
    /// The oldest published key.
    Oldest,
    /// A key that is not published any more, under its own id.
    Retired,
    /// A key that was never published, under the id of the newest.
    Forged,
    /// Nothing: `alg` is `none`.
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
