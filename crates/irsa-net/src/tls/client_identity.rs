//! Certificates with which this process identifies itself to servers.

use std::path::Path;
use std::sync::Arc;

use rustls::ClientConfig;
use rustls::client::Resumption;
use rustls::sign::{CertifiedKey, SingleCertAndKey};

use super::{TlsError, server};

/// A client's certificate and key, read from files.
#[derive(Clone, Debug)]
pub struct ClientIdentity(Arc<CertifiedKey>);

impl ClientIdentity {
    /// Reads PEM files: the certificate with its intermediates, and its key.
    ///
    /// # Errors
    /// Fails if a file cannot be read or has the wrong content, or the key does not belong to the certificate.
    pub fn from_files(certificate: &Path, key: &Path) -> Result<Self, TlsError> {
        server::certified_key(certificate, key).map(Self)
    }

    /// Returns `config` with this identity, which is presented to servers that ask for a certificate. Sessions are not
    /// resumed, because the server would not verify the certificate again.
    #[must_use]
    pub fn added_to(self, config: &ClientConfig) -> Arc<ClientConfig> {
        let mut config = config.clone();
        config.client_auth_cert_resolver = Arc::new(SingleCertAndKey::from(self.0));
        config.resumption = Resumption::disabled();
        Arc::new(config)
    }
}
