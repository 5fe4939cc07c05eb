//! A cache of successful password checks, so that the expensive check does not run for every request.

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use sha2::{Digest, Sha256};

/// The time after which a password is checked again, because it may have been changed.
const LIFE: Duration = Duration::from_mins(5);
/// The maximum number of entries, which is larger than the number of users of a listener.
const MOST: usize = 1_000;

/// A keyed hash of credentials. The key is specific to this process, so the hash is useless outside of it.
pub(super) type Key = [u8; 32];

#[derive(Debug)]
pub(super) struct PasswordCache {
    salt: Salt,
    until: Mutex<HashMap<Key, Instant>>,
}

struct Salt([u8; 32]);

// === impl PasswordCache ===

impl PasswordCache {
    pub(super) fn new() -> Self {
        Self {
            salt: Salt(rand::random()),
            until: Mutex::default(),
        }
    }

    /// Returns the cache key of credentials that are checked against the passwords of this `generation`.
    pub(super) fn key(&self, generation: u64, credentials: &[u8]) -> Key {
        Sha256::new()
            .chain_update(self.salt.0)
            .chain_update(generation.to_be_bytes())
            .chain_update(credentials)
            .finalize()
            .into()
    }

    pub(super) fn has(&self, key: &Key) -> bool {
        let until = self.until.lock().unwrap_or_else(PoisonError::into_inner);
        until.get(key).is_some_and(|until| *until > Instant::now())
    }

    pub(super) fn add(&self, key: Key) {
        let mut until = self.until.lock().unwrap_or_else(PoisonError::into_inner);
        let now = Instant::now();
        if until.len() >= MOST {
            until.retain(|_, until| *until > now);
        }
        if until.len() < MOST {
            until.insert(key, now + LIFE);
        }
    }
}

// === impl Salt ===

impl std::fmt::Debug for Salt {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("..")
    }
}
