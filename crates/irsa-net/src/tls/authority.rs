//! A local certificate authority (CA) for localhost and for tests.

mod file;
mod issue;
mod renewing;
mod stored;

use std::fmt::{self, Debug, Formatter};
use std::path::Path;
use std::sync::Arc;

use rcgen::{CertifiedIssuer, KeyPair};
use rustls::ServerConfig;
use rustls::server::ResolvesServerCert;
use rustls::sign::SingleCertAndKey;

use self::issue::Usage;
use self::renewing::Renewing;
use super::{TlsError, VERSIONS, owned, provider};

pub use self::stored::{AuthorityCertificate, StoredAuthority};

/// A certificate authority (CA) that exists as long as the process: its key is only in memory. Clones share the CA.
#[derive(Clone)]
pub struct LocalAuthority {
    issuer: Arc<CertifiedIssuer<'static, KeyPair>>,
    pem: Arc<str>,
}

/// A certificate and its key in PEM format, for programs that read them from files.
pub struct Issued {
    /// The certificate in PEM format.
    pub certificate_pem: String,
    /// The private key in PEM format, a secret.
    pub key_pem: String,
}

impl LocalAuthority {
    /// Generates a CA. Its certificate is valid for ten years.
    ///
    /// # Errors
    /// Fails if the key cannot be generated.
    pub fn generate() -> Result<Self, TlsError> {
        let issuer = issue::authority(issue::now(), issue::AUTHORITY_LIFE)?;
        Ok(Self {
            pem: issuer.pem().into(),
            issuer: Arc::new(issuer),
        })
    }

    /// Returns the certificate of the CA in PEM format, for clients that should trust it.
    pub fn ca_pem(&self) -> &str {
        &self.pem
    }

    /// Writes [`LocalAuthority::ca_pem`] to a world-readable file (0644). Replaces an existing file atomically.
    ///
    /// # Errors
    /// Fails if the file cannot be written.
    pub fn write_ca(&self, path: &Path) -> Result<(), TlsError> {
        file::replace(path, self.ca_pem()).map_err(|error| TlsError::file(path, error))
    }

    /// Creates a server configuration with a certificate for these DNS names and IP addresses.
    ///
    /// The certificate is valid for a year. It is renewed before it expires, as long as the configuration is in use.
    ///
    /// # Errors
    /// Fails if a name is neither a DNS name nor an IP address.
    pub fn server_config(
        &self,
        names: &[&str],
        alpn: &[&[u8]],
    ) -> Result<Arc<ServerConfig>, TlsError> {
        let resolver = Renewing::new(self.clone(), names)?;
        config(Arc::new(resolver), alpn)
    }

    /// Creates a server configuration with an expired certificate, to test clients.
    ///
    /// # Errors
    /// Fails if a name is neither a DNS name nor an IP address.
    pub fn expired_server_config(
        &self,
        names: &[&str],
        alpn: &[&[u8]],
    ) -> Result<Arc<ServerConfig>, TlsError> {
        let leaf = issue::expired_leaf(&self.issuer, &Usage::Server(names))?;
        config(
            Arc::new(SingleCertAndKey::from(leaf.certified_key()?)),
            alpn,
        )
    }

    /// Issues a server certificate that is valid for a year, for programs that read it from files.
    ///
    /// # Errors
    /// Fails if a name is neither a DNS name nor an IP address.
    pub fn issue_server(&self, names: &[&str]) -> Result<Issued, TlsError> {
        let leaf = issue::leaf(&self.issuer, &Usage::Server(names), issue::now())?;
        Ok(leaf.into())
    }

    /// Issues a client certificate with this common name that is valid for a year, for mutual TLS.
    ///
    /// # Errors
    /// Fails if the key cannot be generated.
    pub fn issue_client(&self, common_name: &str) -> Result<Issued, TlsError> {
        let usage = Usage::Client(common_name, None);
        Ok(issue::leaf(&self.issuer, &usage, issue::now())?.into())
    }

    /// Issues a client certificate that also contains a URI, such as a SPIFFE ID.
    ///
    /// # Errors
    /// Fails if the URI is not ASCII or the key cannot be generated.
    pub fn issue_client_for_uri(&self, common_name: &str, uri: &str) -> Result<Issued, TlsError> {
        let usage = Usage::Client(common_name, Some(uri));
        Ok(issue::leaf(&self.issuer, &usage, issue::now())?.into())
    }
}

fn config(
    resolver: Arc<dyn ResolvesServerCert>,
    alpn: &[&[u8]],
) -> Result<Arc<ServerConfig>, TlsError> {
    let mut config = ServerConfig::builder_with_provider(provider())
        .with_protocol_versions(VERSIONS)
        .map_err(TlsError::Configuration)?
        .with_no_client_auth()
        .with_cert_resolver(resolver);
    config.alpn_protocols = owned(alpn);
    Ok(Arc::new(config))
}

impl Debug for LocalAuthority {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        f.debug_struct("LocalAuthority").finish_non_exhaustive()
    }
}

impl Debug for Issued {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        f.debug_struct("Issued")
            .field("certificate_pem", &self.certificate_pem)
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests;
