//! Signing keys, which are derived once per day and scope.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::SystemTime;

use aws_sigv4::sign::v4::generate_signing_key;
use secrecy::{ExposeSecret, SecretSlice, SecretString};

use super::SigningScope;

/// The maximum number of keys for one secret: a process signs for a few domains and at most two days.
const MOST: usize = 16;

/// A derived key.
pub(super) type SigningKey = Arc<SecretSlice<u8>>;

/// The keys derived from one secret, by credential scope. They are dropped with the credentials that own them.
#[derive(Default)]
pub(crate) struct SigningKeys(Mutex<Vec<(String, SigningKey)>>);

impl SigningKeys {
    /// Returns the key of `scope`, a credential scope. `derive` creates it on first use.
    pub(super) fn key(&self, scope: &str, derive: impl FnOnce() -> SigningKey) -> SigningKey {
        let mut keys = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some((_, key)) = keys.iter().find(|(of, _)| of == scope) {
            return key.clone();
        }
        if keys.len() >= MOST {
            keys.clear();
        }
        let key = derive();
        keys.push((scope.to_owned(), key.clone()));
        key
    }
}

/// Derives the key of `scope` for the day of `time`, with four HMACs.
pub(super) fn derive(secret: &SecretString, scope: &SigningScope, time: SystemTime) -> SigningKey {
    let SigningScope { region, service } = scope;
    let key = generate_signing_key(
        secret.expose_secret(),
        time,
        region.as_str(),
        service.as_str(),
    );
    Arc::new(key.as_ref().to_vec().into())
}
