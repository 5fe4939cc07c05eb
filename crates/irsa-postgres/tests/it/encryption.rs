//! Kinds of encryption of the two connections of a session.

use std::sync::Arc;

use irsa_net::tls::LocalAuthority;
use rustls::ServerConfig;
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::version::TLS12;

pub(crate) const ALPN: &[u8] = b"postgresql";

/// The kinds of encryption that make a difference to the relay.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Encryption {
    /// Only the server's connection, as in a pod.
    Server,
    /// Both connections.
    Both,
    /// Both connections with TLS 1.2.
    Tls12,
    /// Both connections with small records, which also split handshake messages.
    SmallRecords,
}

// === impl Encryption ===

impl Encryption {
    pub(crate) const ALL: [Self; 4] = [Self::Server, Self::Both, Self::Tls12, Self::SmallRecords];

    /// Returns the configuration of a server with this name.
    pub(crate) fn config(self, authority: &LocalAuthority, name: &str) -> Arc<ServerConfig> {
        let mut config = authority.server_config(&[name], &[ALPN]).unwrap();
        match self {
            Self::Server | Self::Both => {}
            Self::Tls12 => config = tls_1_2(authority, name),
            Self::SmallRecords => Arc::make_mut(&mut config).max_fragment_size = Some(64),
        }
        config
    }
}

fn tls_1_2(authority: &LocalAuthority, name: &str) -> Arc<ServerConfig> {
    let issued = authority.issue_server(&[name]).unwrap();
    let certificate = CertificateDer::from_pem_slice(issued.certificate_pem.as_bytes());
    let key = PrivateKeyDer::from_pem_slice(issued.key_pem.as_bytes());
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let mut config = ServerConfig::builder_with_provider(provider)
        .with_protocol_versions(&[&TLS12])
        .unwrap()
        .with_no_client_auth()
        .with_single_cert(vec![certificate.unwrap()], key.unwrap())
        .unwrap();
    config.alpn_protocols = vec![ALPN.to_vec()];
    Arc::new(config)
}
