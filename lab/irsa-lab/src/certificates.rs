//! The certificate of a service: its own, or a wrong one while a fault is on.

use std::fmt;
use std::sync::Arc;

use irsa_net::tls::{LocalAuthority, TlsError};
use rustls::ServerConfig;
use rustls::server::{ClientHello, ResolvesServerCert, StoresServerSessions};
use rustls::sign::CertifiedKey;

use crate::faults::{Faults, TlsFault};
use crate::ledger::Service;

/// A name that no endpoint has (RFC 2606).
const OTHER_NAME: &str = "another-host.invalid";

/// Returns a TLS configuration for `names` whose certificate follows the faults of `service`.
pub(crate) fn server_config(
    authority: &LocalAuthority,
    (names, alpn): (&[&str], &[&[u8]]),
    faults: &Arc<Faults>,
    service: Service,
) -> Result<Arc<ServerConfig>, TlsError> {
    let own = authority.server_config(names, alpn)?;
    let switch = Arc::new(Switch {
        own: Arc::clone(&own),
        other_name: authority.server_config(&[OTHER_NAME], alpn)?,
        other_authority: LocalAuthority::generate()?.server_config(names, alpn)?,
        expired: authority.expired_server_config(names, alpn)?,
        faults: Arc::clone(faults),
        service,
    });
    let mut config = (*own).clone();
    config.cert_resolver = Arc::clone(&switch) as Arc<dyn ResolvesServerCert>;
    config.session_storage = switch;
    Ok(Arc::new(config))
}

/// A configuration for each certificate.
struct Switch {
    own: Arc<ServerConfig>,
    other_name: Arc<ServerConfig>,
    other_authority: Arc<ServerConfig>,
    expired: Arc<ServerConfig>,
    faults: Arc<Faults>,
    service: Service,
}

impl Switch {
    fn fault(&self) -> TlsFault {
        self.faults.listener(self.service).tls
    }
}

impl ResolvesServerCert for Switch {
    fn resolve(&self, hello: ClientHello<'_>) -> Option<Arc<CertifiedKey>> {
        let chosen = match self.fault() {
            TlsFault::None => &self.own,
            TlsFault::OtherName => &self.other_name,
            TlsFault::OtherAuthority => &self.other_authority,
            TlsFault::Expired => &self.expired,
            TlsFault::Refused => return None,
        };
        chosen.cert_resolver.resolve(hello)
    }
}

/// A resumed session does not show a certificate, so sessions are not resumed while a fault is on.
impl StoresServerSessions for Switch {
    fn put(&self, key: Vec<u8>, value: Vec<u8>) -> bool {
        self.own.session_storage.put(key, value)
    }

    fn get(&self, key: &[u8]) -> Option<Vec<u8>> {
        let is_whole = self.fault() == TlsFault::None;
        is_whole.then(|| self.own.session_storage.get(key))?
    }

    fn take(&self, key: &[u8]) -> Option<Vec<u8>> {
        let is_whole = self.fault() == TlsFault::None;
        is_whole.then(|| self.own.session_storage.take(key))?
    }

    fn can_cache(&self) -> bool {
        self.own.session_storage.can_cache()
    }
}

impl fmt::Debug for Switch {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Switch")
            .field("service", &self.service)
            .finish_non_exhaustive()
    }
}
