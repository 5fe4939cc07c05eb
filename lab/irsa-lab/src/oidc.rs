//! The cluster's OIDC issuer: rotating keys, discovery, and service account tokens like those of the API server.

mod keys;
mod server;
mod spec;
mod token;

use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError};

use irsa_chain::IssuerUrl;
use serde::Deserialize;
use serde_json::{Value, json};

use crate::clock::LabClock;
use crate::error::LabError;
use keys::{KeyRing, SigningKey};

pub use spec::{Audience, PodBinding, TokenKey, TokenSpec};

pub(crate) use server::serve;

/// The issuer. It uses the cluster's clock, not AWS's: skew between the two is a fault.
#[derive(Debug)]
pub struct Issuer {
    url: IssuerUrl,
    clock: Arc<dyn LabClock>,
    keys: Mutex<KeyRing>,
    /// Keys of an API server that signs tokens for this issuer, as JSON Web Keys.
    foreign_keys: Mutex<Vec<Value>>,
    /// A key in no key set, for forged tokens and tokens of retired keys. Generated when it is first needed.
    unpublished_key: OnceLock<SigningKey>,
}

/// A JSON Web Key Set.
#[derive(Deserialize)]
struct KeySet {
    keys: Vec<Value>,
}

impl Issuer {
    /// Returns an issuer with one key. Generating RSA keys takes a moment.
    pub fn new(url: IssuerUrl, clock: Arc<dyn LabClock>) -> Result<Self, LabError> {
        let keys = Mutex::new(KeyRing::new(SigningKey::generate()?));
        Ok(Self {
            url,
            clock,
            keys,
            foreign_keys: Mutex::default(),
            unpublished_key: OnceLock::new(),
        })
    }

    /// The `iss` of its tokens.
    pub fn url(&self) -> &IssuerUrl {
        &self.url
    }

    /// Signs new tokens with a new key. Earlier keys stay published, so that their tokens stay valid.
    pub fn rotate_keys(&self) -> Result<(), LabError> {
        let key = SigningKey::generate()?;
        self.keys().add(key);
        Ok(())
    }

    /// Withdraws all keys except the newest, so that tokens of the others cannot be verified.
    pub fn retire_old_keys(&self) {
        self.keys().retire_old();
    }

    /// Also publishes the keys of a key set (RFC 7517): those of a real API server whose tokens name this issuer.
    ///
    /// # Errors
    /// It is not a key set.
    pub fn publish_keys(&self, jwks: &str) -> Result<(), LabError> {
        let keys: KeySet = serde_json::from_str(jwks)
            .map_err(|error| LabError::part("OIDC issuer", error.to_string()))?;
        self.foreign_keys().extend(keys.keys);
        Ok(())
    }

    /// Returns the IDs of the published keys, oldest first.
    pub fn key_ids(&self) -> Vec<String> {
        self.keys()
            .published()
            .map(|key| key.id().to_owned())
            .collect()
    }

    /// Mints a token, valid or not.
    pub fn mint(&self, spec: &TokenSpec) -> Result<String, LabError> {
        let claims = token::claims(spec, self.url.as_str(), self.clock.now());
        let keys = self.keys();
        match spec.key {
            TokenKey::Current => keys.newest().sign(&claims, keys.newest().id()),
            TokenKey::Oldest => keys.oldest().sign(&claims, keys.oldest().id()),
            TokenKey::Retired => self
                .unpublished_key()?
                .sign(&claims, self.unpublished_key()?.id()),
            TokenKey::Forged => self.unpublished_key()?.sign(&claims, keys.newest().id()),
            TokenKey::Unsigned => Ok(token::unsigned(&claims)),
        }
    }

    /// Returns `/.well-known/openid-configuration` as EKS serves it.
    pub fn discovery(&self) -> String {
        let issuer = self.url.as_str();
        json!({
            "issuer": issuer,
            "jwks_uri": format!("{issuer}/keys"),
            "authorization_endpoint": "urn:kubernetes:programmatic_authorization",
            "response_types_supported": ["id_token"],
            "subject_types_supported": ["public"],
            "claims_supported": ["sub", "iss"],
            "id_token_signing_alg_values_supported": ["RS256"],
        })
        .to_string()
    }

    /// Returns the published keys as a JSON Web Key Set (RFC 7517).
    pub fn jwks(&self) -> String {
        let mut keys: Vec<_> = self.keys().published().map(SigningKey::jwk).collect();
        keys.extend(self.foreign_keys().iter().cloned());
        json!({ "keys": keys }).to_string()
    }

    fn unpublished_key(&self) -> Result<&SigningKey, LabError> {
        if let Some(key) = self.unpublished_key.get() {
            return Ok(key);
        }
        let key = SigningKey::generate()?;
        Ok(self.unpublished_key.get_or_init(|| key))
    }

    fn foreign_keys(&self) -> MutexGuard<'_, Vec<Value>> {
        let keys = self.foreign_keys.lock();
        keys.unwrap_or_else(PoisonError::into_inner)
    }

    fn keys(&self) -> MutexGuard<'_, KeyRing> {
        self.keys.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests;
