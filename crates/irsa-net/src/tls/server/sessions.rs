//! The TLS sessions that clients can resume without a new verification of their certificate.

use std::sync::Arc;

use rustls::server::{ServerSessionMemoryCache, StoresServerSessions};

use crate::replaceable::Replaceable;

/// The maximum number of sessions (the default of rustls).
const CAPACITY: usize = 256;

/// An in-memory cache of sessions. Clones share it.
#[derive(Clone, Debug)]
pub(super) struct Sessions(Arc<Replaceable<Arc<ServerSessionMemoryCache>>>);

// === impl Sessions ===

impl Sessions {
    /// Discards all sessions.
    pub(super) fn clear(&self) {
        self.0.replace(ServerSessionMemoryCache::new(CAPACITY));
    }
}

impl Default for Sessions {
    fn default() -> Self {
        let cache = ServerSessionMemoryCache::new(CAPACITY);
        Self(Arc::new(Replaceable::new(cache)))
    }
}

impl StoresServerSessions for Sessions {
    fn put(&self, key: Vec<u8>, value: Vec<u8>) -> bool {
        self.0.current().put(key, value)
    }

    fn get(&self, key: &[u8]) -> Option<Vec<u8>> {
        self.0.current().get(key)
    }

    fn take(&self, key: &[u8]) -> Option<Vec<u8>> {
        self.0.current().take(key)
    }

    fn can_cache(&self) -> bool {
        true
    }
}
