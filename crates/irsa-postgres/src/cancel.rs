//! Cancel keys: irsa gives each client its own key and maps it to the key of the server session.
//!
//! A CancelRequest arrives on a separate connection, so the proxy must find the server session and its instance. The
//! instance cannot be derived from a cluster endpoint, which may point to a different instance since a failover
//! (PostgreSQL docs, "Canceling Requests in Progress").

mod unknown_keys;

use std::collections::HashMap;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use irsa_pgwire::startup::{CancelKey, Version};
use rand::Rng;

pub(crate) use self::unknown_keys::UnknownKeys;

/// The length of a cancel key's secret in protocol 3.2, as PostgreSQL 18 sends it.
const LONG_SECRET: usize = 32;
/// The length of a secret in protocol 3.0.
const SHORT_SECRET: usize = 4;

/// The cancel keys of all sessions.
#[derive(Debug, Clone, Default)]
pub(crate) struct CancelKeys {
    sessions: Arc<Mutex<Sessions>>,
}

/// Sessions by the process ID of their server process. Sessions on two instances can have the same process ID; the
/// secret distinguishes them.
#[derive(Debug, Default)]
struct Sessions {
    by_process_id: HashMap<u32, Vec<Entry>>,
    registered: u64,
}

#[derive(Debug)]
struct Entry {
    number: u64,
    key: CancelKey,
    target: CancelTarget,
}

/// A server session that can be canceled.
#[derive(Debug, Clone)]
pub(crate) struct CancelTarget {
    /// The address of the instance, not the cluster endpoint.
    pub(crate) address: SocketAddr,
    /// The server's key.
    pub(crate) key: CancelKey,
}

/// The registration of a session. The session can be canceled until it is dropped.
#[derive(Debug)]
pub(crate) struct CancelRegistration {
    keys: CancelKeys,
    process_id: u32,
    number: u64,
}

// === impl CancelKeys ===

impl CancelKeys {
    /// Generates a key for a client and registers the session. The process ID is the server's, because clients also use
    /// it for other purposes; the secret is new.
    pub(crate) fn register(
        &self,
        version: Version,
        target: CancelTarget,
    ) -> (CancelKey, CancelRegistration) {
        let process_id = target.key.process_id;
        let mut sessions = self.lock();
        sessions.registered += 1;
        let number = sessions.registered;
        let entries = sessions.by_process_id.entry(process_id).or_default();
        let key = loop {
            let key = CancelKey::new(process_id, random_secret(version));
            if entries.iter().all(|entry| entry.key != key) {
                break key;
            }
        };
        entries.push(Entry {
            number,
            key: key.clone(),
            target,
        });
        let registration = CancelRegistration {
            keys: self.clone(),
            process_id,
            number,
        };
        (key, registration)
    }

    /// Returns the session with this key, if it is still open.
    pub(crate) fn target(&self, key: &CancelKey) -> Option<CancelTarget> {
        // `CancelKey` compares in constant time.
        self.find(key.process_id, |entry| entry.key == *key)
    }

    fn find(&self, process_id: u32, matches: impl Fn(&Entry) -> bool) -> Option<CancelTarget> {
        let sessions = self.lock();
        let entries = sessions.by_process_id.get(&process_id)?;
        let found = entries.iter().find(|entry| matches(entry))?;
        Some(found.target.clone())
    }

    fn lock(&self) -> MutexGuard<'_, Sessions> {
        self.sessions.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn random_secret(version: Version) -> Vec<u8> {
    let length = if version.minor >= 2 {
        LONG_SECRET
    } else {
        SHORT_SECRET
    };
    let mut secret = vec![0; length];
    rand::rng().fill_bytes(&mut secret);
    secret
}

// === impl CancelRegistration ===

impl CancelRegistration {
    /// Returns the registered session.
    pub(crate) fn target(&self) -> Option<CancelTarget> {
        self.keys
            .find(self.process_id, |entry| entry.number == self.number)
    }
}

impl Drop for CancelRegistration {
    fn drop(&mut self) {
        let mut sessions = self.keys.lock();
        if let Some(entries) = sessions.by_process_id.get_mut(&self.process_id) {
            entries.retain(|entry| entry.number != self.number);
            if entries.is_empty() {
                sessions.by_process_id.remove(&self.process_id);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn target() -> CancelTarget {
        target_at(5432)
    }

    fn target_at(port: u16) -> CancelTarget {
        CancelTarget {
            address: SocketAddr::from(([127, 0, 0, 1], port)),
            key: CancelKey::new(7, vec![1, 2, 3, 4]),
        }
    }

    fn version(minor: u16) -> Version {
        Version { major: 3, minor }
    }

    #[test]
    fn finds_an_open_session_by_its_key() {
        let keys = CancelKeys::default();
        let (key, registration) = keys.register(version(0), target());
        assert_eq!(keys.target(&key).map(|found| found.key), Some(target().key));
        drop(registration);
        assert!(keys.target(&key).is_none());
        assert!(keys.lock().by_process_id.is_empty());
    }

    #[test]
    fn the_client_gets_the_servers_process_id_but_not_its_secret() {
        let keys = CancelKeys::default();
        let (key, _registration) = keys.register(version(0), target());
        assert_eq!(key.process_id, target().key.process_id);
        assert_ne!(key.secret(), target().key.secret());
    }

    #[test]
    fn the_secret_distinguishes_instances_with_the_same_process_id() {
        let keys = CancelKeys::default();
        let (one, registration) = keys.register(version(0), target_at(1));
        let (other, kept) = keys.register(version(0), target_at(2));
        let port = |key| keys.target(key).map(|found| found.address.port());
        assert_eq!((port(&one), port(&other)), (Some(1), Some(2)));
        assert_eq!(kept.target().unwrap().address.port(), 2);
        drop(registration);
        assert_eq!((port(&one), port(&other)), (None, Some(2)));
    }

    #[test]
    fn ignores_a_wrong_secret() {
        let keys = CancelKeys::default();
        let (key, _registration) = keys.register(version(2), target());
        let forged = CancelKey::new(key.process_id, vec![0; LONG_SECRET]);
        assert!(keys.target(&forged).is_none());
    }

    #[test]
    fn clients_of_protocol_3_0_get_four_bytes() {
        let keys = CancelKeys::default();
        let (short, _short) = keys.register(version(0), target());
        let (long, _long) = keys.register(version(2), target());
        assert_eq!(short.secret().len(), SHORT_SECRET);
        assert_eq!(long.secret().len(), LONG_SECRET);
    }
}
