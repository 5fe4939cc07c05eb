//! Cancel requests: keys of our own towards the clients, mapped to the server's.
//!
//! A CancelRequest comes on a connection of its own, so whoever takes it must know which server
//! session is meant and on which instance it runs: behind a cluster's name the instance may have
//! changed since (PostgreSQL docs, "Canceling Requests in Progress").

use std::collections::HashMap;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use irsa_pgwire::startup::{CancelKey, Version};
use rand::Rng;

/// The length of a cancel key's secret in protocol 3.2, as PostgreSQL 18 sends it.
const LONG_SECRET: usize = 32;
/// Its only length in protocol 3.0.
const SHORT_SECRET: usize = 4;

/// The sessions that can be cancelled.
#[derive(Debug, Clone, Default)]
pub(crate) struct CancelKeys {
    targets: Arc<Mutex<HashMap<u32, Entry>>>,
}

#[derive(Debug)]
struct Entry {
    key: CancelKey,
    target: CancelTarget,
}

/// A session on a server.
#[derive(Debug, Clone)]
pub(crate) struct CancelTarget {
    /// The instance, as dialed: not the cluster's name.
    pub(crate) address: SocketAddr,
    /// The server's own key.
    pub(crate) key: CancelKey,
}

/// Keeps a session cancellable while it lives.
#[derive(Debug)]
pub(crate) struct CancelRegistration {
    keys: CancelKeys,
    process_id: u32,
}

// === impl CancelKeys ===

impl CancelKeys {
    /// Makes up a key for a client and remembers what it stands for.
    pub(crate) fn register(
        &self,
        version: Version,
        target: CancelTarget,
    ) -> (CancelKey, CancelRegistration) {
        let mut rng = rand::rng();
        let length = if version.minor >= 2 {
            LONG_SECRET
        } else {
            SHORT_SECRET
        };
        let mut secret = vec![0; length];
        rng.fill_bytes(&mut secret);
        let mut targets = self.lock();
        let process_id = loop {
            // Positive as a signed number, as process ids are to some drivers.
            let candidate = rng.next_u32() >> 1;
            if candidate != 0 && !targets.contains_key(&candidate) {
                break candidate;
            }
        };
        let key = CancelKey::new(process_id, secret);
        let entry = Entry {
            key: key.clone(),
            target,
        };
        targets.insert(process_id, entry);
        let registration = CancelRegistration {
            keys: self.clone(),
            process_id,
        };
        (key, registration)
    }

    /// The session that `key` stands for, if it is the right key and the session still lives.
    pub(crate) fn target(&self, key: &CancelKey) -> Option<CancelTarget> {
        let targets = self.lock();
        let entry = targets.get(&key.process_id)?;
        // `CancelKey` compares in constant time.
        (entry.key == *key).then(|| entry.target.clone())
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<u32, Entry>> {
        self.targets.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for CancelRegistration {
    fn drop(&mut self) {
        self.keys.lock().remove(&self.process_id);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn target() -> CancelTarget {
        CancelTarget {
            address: SocketAddr::from(([127, 0, 0, 1], 5432)),
            key: CancelKey::new(7, vec![1, 2, 3, 4]),
        }
    }

    fn version(minor: u16) -> Version {
        Version { major: 3, minor }
    }

    #[test]
    fn finds_the_session_by_its_key_while_it_lives() {
        let keys = CancelKeys::default();
        let (key, registration) = keys.register(version(0), target());
        assert_eq!(keys.target(&key).map(|found| found.key), Some(target().key));
        drop(registration);
        assert!(keys.target(&key).is_none());
    }

    #[test]
    fn ignores_a_wrong_secret() {
        let keys = CancelKeys::default();
        let (key, _registration) = keys.register(version(2), target());
        let forged = CancelKey::new(key.process_id, vec![0; LONG_SECRET]);
        assert!(keys.target(&forged).is_none());
    }

    #[test]
    fn gives_old_clients_four_bytes() {
        let keys = CancelKeys::default();
        let (short, _short) = keys.register(version(0), target());
        let (long, _long) = keys.register(version(2), target());
        assert_eq!(short.secret().len(), SHORT_SECRET);
        assert_eq!(long.secret().len(), LONG_SECRET);
    }
}
