//! The certificate that handshakes use.

use std::sync::Arc;

use irsa_net::rustls::ServerConfig;
use irsa_net::tls::{ReplaceableServer, ServerIdentity, TlsError};
use tokio::sync::watch;

/// The protocol that the API server and this server have in common.
const ALPN: &[&[u8]] = &[b"http/1.1"];

/// Sets the certificate.
#[derive(Debug)]
pub(crate) struct CertificateSetter(watch::Sender<Option<Arc<ReplaceableServer>>>);

/// The server that uses the certificate.
#[derive(Debug, Clone)]
pub(crate) struct Serving(watch::Receiver<Option<Arc<ReplaceableServer>>>);

/// Creates a server without a certificate.
pub(crate) fn serving() -> (CertificateSetter, Serving) {
    let (sender, receiver) = watch::channel(None);
    (CertificateSetter(sender), Serving(receiver))
}

impl CertificateSetter {
    /// Uses this certificate for all further handshakes.
    pub(crate) fn set(&self, identity: ServerIdentity) {
        let current = self.0.borrow().clone();
        if let Some(server) = current {
            server.replace(identity);
        } else {
            let server = Arc::new(ReplaceableServer::new(identity));
            self.0.send_replace(Some(server));
        }
    }
}

impl Serving {
    /// Waits for the first certificate, and returns a configuration that always uses the current one.
    ///
    /// # Errors
    /// An error of rustls that does not depend on the certificate.
    pub(crate) async fn config(&mut self) -> Result<Arc<ServerConfig>, TlsError> {
        let found = self.0.wait_for(Option::is_some).await;
        let server = found.ok().and_then(|server| server.clone());
        match server {
            Some(server) => server.config(ALPN),
            // The setter ends only with the whole server.
            None => std::future::pending().await,
        }
    }
}
