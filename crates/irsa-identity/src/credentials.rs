//! Session credentials, and the caller that they identify.

use std::fmt;
use std::sync::Arc;
use std::time::SystemTime;

use irsa_chain::AccountId;
use secrecy::SecretString;

use crate::http_signing::SigningKeys;

/// AWS credentials, which are usually temporary. Clones share them. `Debug` shows only the access key ID and the
/// expiration.
#[derive(Clone)]
pub struct SessionCredentials(Arc<Parts>);

struct Parts {
    access_key_id: String,
    secret_access_key: SecretString,
    session_token: Option<SecretString>,
    expires_at: Option<SystemTime>,
    signing_keys: SigningKeys,
}

impl SessionCredentials {
    /// Creates credentials. `expires_at` is `None` for access keys that do not expire.
    pub fn new(
        access_key_id: impl Into<String>,
        secret_access_key: impl Into<SecretString>,
        session_token: Option<SecretString>,
        expires_at: Option<SystemTime>,
    ) -> Self {
        Self(Arc::new(Parts {
            access_key_id: access_key_id.into(),
            secret_access_key: secret_access_key.into(),
            session_token,
            expires_at,
            signing_keys: SigningKeys::default(),
        }))
    }

    /// Returns the access key ID, which is not a secret.
    pub fn access_key_id(&self) -> &str {
        &self.0.access_key_id
    }

    /// Returns the secret access key.
    pub fn secret_access_key(&self) -> &SecretString {
        &self.0.secret_access_key
    }

    /// Returns the session token of temporary credentials.
    pub fn session_token(&self) -> Option<&SecretString> {
        self.0.session_token.as_ref()
    }

    /// Returns the signing keys that have been derived so far.
    pub(crate) fn signing_keys(&self) -> &SigningKeys {
        &self.0.signing_keys
    }

    /// Returns the expiration time, or `None` for access keys that do not expire.
    pub fn expires_at(&self) -> Option<SystemTime> {
        self.0.expires_at
    }

    /// Returns whether the credentials have expired at `now`.
    pub fn is_expired(&self, now: SystemTime) -> bool {
        self.expires_at().is_some_and(|end| end <= now)
    }
}

impl fmt::Debug for SessionCredentials {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SessionCredentials")
            .field("access_key_id", &self.access_key_id())
            .field("expires_at", &self.expires_at())
            .finish_non_exhaustive()
    }
}

/// The identity that STS reports for credentials (`sts:GetCallerIdentity`).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CallerIdentity {
    /// The account of the caller.
    pub account: AccountId,
    /// The ARN of the caller. For a role session it is an `assumed-role` ARN, which does not contain the role's path.
    pub arn: String,
    /// The unique ID of the caller: for a role session `ROLEID:SESSION`.
    pub user_id: String,
}
