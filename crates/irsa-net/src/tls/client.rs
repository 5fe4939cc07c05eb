//! TLS towards a server.

use std::sync::Arc;

use rustls::ClientConfig;

use super::{Roots, TlsError, VERSIONS, owned, provider};

/// A configuration that verifies the server's chain against `roots`, and the name it is connected
/// by (PostgreSQL's `verify-full`).
///
/// `alpn` is what to offer, most wanted first; empty offers nothing.
///
/// # Errors
/// There are no roots.
pub fn client_config(roots: &Roots, alpn: &[&[u8]]) -> Result<Arc<ClientConfig>, TlsError> {
    if roots.is_empty() {
        return Err(TlsError::NoRoots);
    }
    let mut config = ClientConfig::builder_with_provider(provider())
        .with_protocol_versions(VERSIONS)
        .map_err(TlsError::Configuration)?
        .with_root_certificates(roots.store())
        .with_no_client_auth();
    config.alpn_protocols = owned(alpn);
    Ok(Arc::new(config))
}
