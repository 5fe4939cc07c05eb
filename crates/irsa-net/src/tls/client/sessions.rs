//! The TLS sessions that irsa can resume without verifying the server's certificate again.

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use rustls::NamedGroup;
use rustls::client::{
    ClientSessionMemoryCache, ClientSessionStore, Tls12ClientSessionValue, Tls13ClientSessionValue,
};
use rustls::pki_types::ServerName;

/// The maximum number of sessions of one configuration (the default of rustls).
const CAPACITY: usize = 256;

/// A generation counter. Sessions of an older generation are not resumed.
#[derive(Clone, Debug, Default)]
pub(super) struct Sessions(Arc<AtomicU64>);

/// The sessions of one configuration. Configurations must not share sessions, because their protocols can differ.
#[derive(Debug)]
pub(super) struct ConfigSessions {
    all: Sessions,
    current: Mutex<(u64, Arc<ClientSessionMemoryCache>)>,
}

// === impl Sessions ===

impl Sessions {
    pub(super) fn for_one_config(&self) -> ConfigSessions {
        let cache = Arc::new(ClientSessionMemoryCache::new(CAPACITY));
        ConfigSessions {
            all: self.clone(),
            current: Mutex::new((self.generation(), cache)),
        }
    }

    /// Discards the sessions of all configurations.
    pub(super) fn clear(&self) {
        self.0.fetch_add(1, Ordering::Relaxed);
    }

    fn generation(&self) -> u64 {
        self.0.load(Ordering::Relaxed)
    }
}

// === impl ConfigSessions ===

impl ConfigSessions {
    fn cache(&self) -> Arc<ClientSessionMemoryCache> {
        let generation = self.all.generation();
        let mut current = self.current.lock().unwrap_or_else(PoisonError::into_inner);
        if current.0 != generation {
            *current = (
                generation,
                Arc::new(ClientSessionMemoryCache::new(CAPACITY)),
            );
        }
        Arc::clone(&current.1)
    }
}

impl ClientSessionStore for ConfigSessions {
    fn set_kx_hint(&self, server_name: ServerName<'static>, group: NamedGroup) {
        self.cache().set_kx_hint(server_name, group);
    }

    fn kx_hint(&self, server_name: &ServerName<'_>) -> Option<NamedGroup> {
        self.cache().kx_hint(server_name)
    }

    fn set_tls12_session(&self, server_name: ServerName<'static>, value: Tls12ClientSessionValue) {
        self.cache().set_tls12_session(server_name, value);
    }

    fn tls12_session(&self, server_name: &ServerName<'_>) -> Option<Tls12ClientSessionValue> {
        self.cache().tls12_session(server_name)
    }

    fn remove_tls12_session(&self, server_name: &ServerName<'static>) {
        self.cache().remove_tls12_session(server_name);
    }

    fn insert_tls13_ticket(
        &self,
        server_name: ServerName<'static>,
        value: Tls13ClientSessionValue,
    ) {
        self.cache().insert_tls13_ticket(server_name, value);
    }

    fn take_tls13_ticket(
        &self,
        server_name: &ServerName<'static>,
    ) -> Option<Tls13ClientSessionValue> {
        self.cache().take_tls13_ticket(server_name)
    }
}
