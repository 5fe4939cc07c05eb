//! A certificate authority of our own, for localhost and for tests.

mod file;
mod issue;
mod renewing;

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

/// A certificate authority that lives as long as the process: its key is in memory only. Clones
/// are the same authority.
#[derive(Clone)]
pub struct LocalAuthority {
    issuer: Arc<CertifiedIssuer<'static, KeyPair>>,
    pem: Arc<str>,
}

/// A certificate and its key, both PEM, for a program that reads files.
pub struct Issued {
    /// The certificate.
    pub certificate_pem: String,
    /// Its key: a secret.
    pub key_pem: String,
}

impl LocalAuthority {
    /// Makes the authority. Its certificate is valid for ten years.
    ///
    /// # Errors
    /// No key could be made.
    pub fn generate() -> Result<Self, TlsError> {
        let issuer = issue::authority(issue::now())?;
        Ok(Self {
            pem: issuer.pem().into(),
            issuer: Arc::new(issuer),
        })
    }

    /// The authority's certificate, for whoever is to trust it.
    pub fn ca_pem(&self) -> &str {
        &self.pem
    }

    /// Writes [`LocalAuthority::ca_pem`] to a file that all may read (0644), at once or not at all.
    ///
    /// # Errors
    /// The file can't be written.
    pub fn write_ca(&self, path: &Path) -> Result<(), TlsError> {
        file::replace(path, self.ca_pem()).map_err(|error| TlsError::file(path, error))
    }

    /// A configuration with a certificate for these DNS names and IP addresses.
    ///
    /// The certificate is valid for a year, and is issued anew before it ends, for as long as the
    /// configuration is in use.
    ///
    /// # Errors
    /// A name is neither a DNS name nor an IP address.
    pub fn server_config(
        &self,
        names: &[&str],
        alpn: &[&[u8]],
    ) -> Result<Arc<ServerConfig>, TlsError> {
        let resolver = Renewing::new(self.clone(), names)?;
        config(Arc::new(resolver), alpn)
    }

    /// A configuration whose certificate has expired, to test clients with.
    ///
    /// # Errors
    /// A name is neither a DNS name nor an IP address.
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

    /// A server's certificate, valid for a year, for a program that reads it from files.
    ///
    /// # Errors
    /// A name is neither a DNS name nor an IP address.
    pub fn issue_server(&self, names: &[&str]) -> Result<Issued, TlsError> {
        let leaf = issue::leaf(&self.issuer, &Usage::Server(names), issue::now())?;
        Ok(leaf.into())
    }

    /// A client's certificate with this common name, valid for a year, for mutual TLS.
    ///
    /// # Errors
    /// No key could be made.
    pub fn issue_client(&self, common_name: &str) -> Result<Issued, TlsError> {
        let usage = Usage::Client(common_name, None);
        Ok(issue::leaf(&self.issuer, &usage, issue::now())?.into())
    }

    /// A client's certificate as above that also holds a URI, such as a SPIFFE ID.
    ///
    /// # Errors
    /// The URI is not ASCII, or no key could be made.
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
