//! The certificates a front can show: its own, and the wrong ones of the TLS faults.

use std::sync::Arc;

use irsa_net::tls::{LocalAuthority, TlsError};
use rustls::ServerConfig;

use super::faults::TlsFault;
use crate::world::Cluster;

/// PostgreSQL's protocol name in ALPN (PostgreSQL documentation, "SSL Session Encryption").
pub(super) const ALPN: &[u8] = b"postgresql";
/// A name that no endpoint has (RFC 2606).
const OTHER_NAME: &str = "another-host.invalid";

/// One TLS configuration for each certificate.
#[derive(Debug)]
pub(super) struct Certificates {
    own: Arc<ServerConfig>,
    other_name: Arc<ServerConfig>,
    other_authority: Arc<ServerConfig>,
}

impl Certificates {
    /// Certificates for all endpoint names of `cluster`.
    pub(super) fn issue(authority: &LocalAuthority, cluster: &Cluster) -> Result<Self, TlsError> {
        let endpoints = cluster.signing_endpoints();
        let names: Vec<&str> = endpoints.iter().map(|(host, _)| host.as_str()).collect();
        Ok(Self {
            own: authority.server_config(&names, &[ALPN])?,
            other_name: authority.server_config(&[OTHER_NAME], &[ALPN])?,
            other_authority: LocalAuthority::generate()?.server_config(&names, &[ALPN])?,
        })
    }

    /// The configuration for a new connection; `None`: TLS is refused.
    pub(super) fn choose(&self, fault: TlsFault) -> Option<Arc<ServerConfig>> {
        match fault {
            TlsFault::None => Some(Arc::clone(&self.own)),
            TlsFault::OtherName => Some(Arc::clone(&self.other_name)),
            TlsFault::OtherAuthority => Some(Arc::clone(&self.other_authority)),
            TlsFault::Refused => None,
        }
    }
}
