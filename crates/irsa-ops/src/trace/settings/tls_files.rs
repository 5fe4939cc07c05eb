//! The files for TLS connections to the collector.

use std::path::PathBuf;
use std::sync::Arc;

use irsa_net::tls::{ClientIdentity, Roots, TlsError, client_config};
use rustls::ClientConfig;

use super::{Endpoint, Variables};

/// PEM files for the connection to an `https` collector.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct TlsFiles {
    /// The CAs that are trusted instead of the default ones.
    ca: Option<PathBuf>,
    /// The certificate with which irsa identifies itself, and its key.
    client: Option<(PathBuf, PathBuf)>,
}

// === impl TlsFiles ===

impl TlsFiles {
    pub(crate) fn is_empty(&self) -> bool {
        *self == Self::default()
    }

    /// Reads the files and returns the configuration of a connection, which is `default` as far as files are missing.
    ///
    /// # Errors
    /// A file cannot be read or has the wrong content.
    pub(crate) fn config(
        &self,
        default: &Arc<ClientConfig>,
    ) -> Result<Arc<ClientConfig>, TlsError> {
        let config = match &self.ca {
            Some(path) => client_config(&Roots::from_pem_file(path)?, &[b"http/1.1"])?,
            None => Arc::clone(default),
        };
        Ok(match &self.client {
            Some((certificate, key)) => {
                ClientIdentity::from_files(certificate, key)?.added_to(&config)
            }
            None => config,
        })
    }
}

// === impl Variables ===

impl Variables<'_> {
    /// Returns the files of a connection to `endpoint`, which must be usable.
    pub(super) fn tls_files(&self, endpoint: &Endpoint) -> Result<TlsFiles, String> {
        let ca = self.first(&otlp!("CERTIFICATE"));
        let certificate = self.first(&otlp!("CLIENT_CERTIFICATE"));
        let key = self.first(&otlp!("CLIENT_KEY"));
        let client = match (certificate, key) {
            (None, None) => None,
            (Some((name, certificate)), Some((_, key))) => Some((name, certificate, key)),
            (Some((name, _)), None) => {
                return Err(format!("{name}: set the variable of the key too"));
            }
            (None, Some((name, _))) => {
                return Err(format!("{name}: set the variable of the certificate too"));
            }
        };
        if !endpoint.is_https() {
            return Ok(TlsFiles::default());
        }
        if let Some((name, path)) = &ca {
            Roots::from_pem_file(path.as_ref()).map_err(|error| format!("{name}: {error}"))?;
        }
        if let Some((name, certificate, key)) = &client {
            ClientIdentity::from_files(certificate.as_ref(), key.as_ref())
                .map_err(|error| format!("{name}: {error}"))?;
        }
        Ok(TlsFiles {
            ca: ca.map(|(_, path)| path.into()),
            client: client.map(|(_, certificate, key)| (certificate.into(), key.into())),
        })
    }
}
