//! TLS: trusted CAs, client and server configurations, and a local CA for our own listeners.
//!
//! Every configuration explicitly uses the cryptography provider *ring*; the process-wide default of rustls is neither
//! set nor read. Only TLS 1.2 and 1.3 are supported.

mod authority;
mod client;
mod client_hello;
mod client_identity;
mod client_names;
mod error;
mod explain;
mod handshake;
mod record_size;
mod roots;
mod server;

use std::sync::{Arc, LazyLock};

use rustls::SupportedProtocolVersion;
use rustls::crypto::CryptoProvider;

pub use self::authority::{AuthorityCertificate, Issued, LocalAuthority, StoredAuthority};
pub use self::client::{ReplaceableRoots, client_config};
pub use self::client_hello::{ClientHelloLimit, MAX_CLIENT_HELLO, limit_client_hello};
pub use self::client_identity::ClientIdentity;
pub use self::client_names::client_certificate_names;
pub use self::error::TlsError;
pub use self::explain::{explain, explain_io};
pub use self::handshake::HandshakeError;
pub use self::record_size::limit_records;
pub use self::roots::Roots;
pub use self::server::{ReplaceableServer, ServerIdentity, server_config_from_files};

fn provider() -> Arc<CryptoProvider> {
    static RING: LazyLock<Arc<CryptoProvider>> =
        LazyLock::new(|| Arc::new(rustls::crypto::ring::default_provider()));
    Arc::clone(&RING)
}

static VERSIONS: &[&SupportedProtocolVersion] = &[&rustls::version::TLS13, &rustls::version::TLS12];

fn owned(alpn: &[&[u8]]) -> Vec<Vec<u8>> {
    alpn.iter().map(|protocol| protocol.to_vec()).collect()
}
