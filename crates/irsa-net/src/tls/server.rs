//! TLS connections from clients, with certificates from files.

mod sessions;

use std::path::Path;
use std::sync::Arc;

use rustls::client::danger::HandshakeSignatureValid;
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer, UnixTime};
use rustls::server::danger::{ClientCertVerified, ClientCertVerifier};
use rustls::server::{ClientHello, NoClientAuth, ResolvesServerCert, WebPkiClientVerifier};
use rustls::sign::CertifiedKey;
use rustls::{DigitallySignedStruct, DistinguishedName, ServerConfig, SignatureScheme};

use self::sessions::Sessions;
use super::{Roots, TlsError, VERSIONS, owned, provider};
use crate::replaceable::Replaceable;

/// A server's certificate and key, and the CA of its clients, read from files.
#[derive(Clone, Debug)]
pub struct ServerIdentity {
    key: Arc<CertifiedKey>,
    clients: Arc<dyn ClientCertVerifier>,
}

/// A [`ServerIdentity`] that can be replaced at run time. Handshakes use the current identity.
#[derive(Debug)]
pub struct ReplaceableServer {
    identity: Replaceable<ServerIdentity>,
    sessions: Sessions,
}

/// Creates a configuration from PEM files; see [`ServerIdentity::from_files`].
///
/// # Errors
/// Fails if a file cannot be read or has the wrong content, or the key does not belong to the certificate.
pub fn server_config_from_files(
    certificate: &Path,
    key: &Path,
    client_ca: Option<&Path>,
    alpn: &[&[u8]],
) -> Result<Arc<ServerConfig>, TlsError> {
    let identity = ServerIdentity::from_files(certificate, key, client_ca)?;
    Arc::new(ReplaceableServer::new(identity)).config(alpn)
}

/// Reads the certificates of a PEM file, at least one.
pub(super) fn certificates(path: &Path) -> Result<Vec<CertificateDer<'static>>, TlsError> {
    let found: Vec<_> = CertificateDer::pem_file_iter(path)
        .and_then(Iterator::collect)
        .map_err(|error| pem_error(path, &error))?;
    if found.is_empty() {
        return Err(TlsError::content(path, "contains no certificate"));
    }
    Ok(found)
}

/// Reads a certificate with its intermediates, and its key.
pub(super) fn certified_key(certificate: &Path, key: &Path) -> Result<Arc<CertifiedKey>, TlsError> {
    let chain = certificates(certificate)?;
    let private = PrivateKeyDer::from_pem_file(key).map_err(|error| pem_error(key, &error))?;
    let certified = CertifiedKey::from_der(chain, private, &provider());
    certified.map(Arc::new).map_err(TlsError::Configuration)
}

// === impl ServerIdentity ===

impl ServerIdentity {
    /// Reads PEM files: the certificate with its intermediates, and its key.
    ///
    /// With `client_ca`, clients must present a certificate issued by one of these CAs (mutual TLS). Without it,
    /// clients are not asked for a certificate.
    ///
    /// # Errors
    /// Fails if a file cannot be read or has the wrong content, or the key does not belong to the certificate.
    pub fn from_files(
        certificate: &Path,
        key: &Path,
        client_ca: Option<&Path>,
    ) -> Result<Self, TlsError> {
        let clients = client_ca.map(client_verifier).transpose()?;
        Ok(Self {
            key: certified_key(certificate, key)?,
            clients: clients.unwrap_or_else(|| Arc::new(NoClientAuth)),
        })
    }
}

impl From<CertifiedKey> for ServerIdentity {
    /// Clients are not asked for a certificate.
    fn from(key: CertifiedKey) -> Self {
        Self {
            key: Arc::new(key),
            clients: Arc::new(NoClientAuth),
        }
    }
}

fn client_verifier(path: &Path) -> Result<Arc<dyn ClientCertVerifier>, TlsError> {
    let roots = Roots::from_pem_file(path)?;
    WebPkiClientVerifier::builder_with_provider(roots.store(), provider())
        .build()
        .map_err(|error| {
            TlsError::content(path, format!("cannot be used to verify clients: {error}"))
        })
}

// === impl ReplaceableServer ===

impl ReplaceableServer {
    /// Creates a server that starts with `identity`.
    pub fn new(identity: ServerIdentity) -> Self {
        Self {
            identity: Replaceable::new(identity),
            sessions: Sessions::default(),
        }
    }

    /// Creates a configuration whose handshakes use the current identity.
    ///
    /// # Errors
    /// An error of rustls that does not depend on the identity.
    pub fn config(self: &Arc<Self>, alpn: &[&[u8]]) -> Result<Arc<ServerConfig>, TlsError> {
        let mut config = ServerConfig::builder_with_provider(provider())
            .with_protocol_versions(VERSIONS)
            .map_err(TlsError::Configuration)?
            .with_client_cert_verifier(Arc::clone(self) as Arc<dyn ClientCertVerifier>)
            .with_cert_resolver(Arc::clone(self) as Arc<dyn ResolvesServerCert>);
        config.alpn_protocols = owned(alpn);
        config.session_storage = Arc::new(self.sessions.clone());
        Ok(Arc::new(config))
    }

    /// Replaces the identity. Open connections are not affected, and TLS sessions of the old identity are not resumed.
    pub fn replace(&self, identity: ServerIdentity) {
        self.identity.replace(identity);
        self.sessions.clear();
    }

    fn clients(&self) -> Arc<dyn ClientCertVerifier> {
        Arc::clone(&self.identity.current().clients)
    }
}

impl ResolvesServerCert for ReplaceableServer {
    fn resolve(&self, _hello: ClientHello<'_>) -> Option<Arc<CertifiedKey>> {
        Some(Arc::clone(&self.identity.current().key))
    }
}

impl ClientCertVerifier for ReplaceableServer {
    fn offer_client_auth(&self) -> bool {
        self.clients().offer_client_auth()
    }

    fn client_auth_mandatory(&self) -> bool {
        self.clients().client_auth_mandatory()
    }

    /// Returns no names, so that clients send any certificate they have: after a replacement, the names would be wrong.
    fn root_hint_subjects(&self) -> &[DistinguishedName] {
        &[]
    }

    fn verify_client_cert(
        &self,
        end_entity: &CertificateDer<'_>,
        intermediates: &[CertificateDer<'_>],
        now: UnixTime,
    ) -> Result<ClientCertVerified, rustls::Error> {
        let clients = self.clients();
        clients.verify_client_cert(end_entity, intermediates, now)
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signed: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        let clients = self.clients();
        clients.verify_tls12_signature(message, certificate, signed)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signed: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        let clients = self.clients();
        clients.verify_tls13_signature(message, certificate, signed)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.clients().supported_verify_schemes()
    }
}

fn pem_error(path: &Path, error: &rustls::pki_types::pem::Error) -> TlsError {
    use rustls::pki_types::pem::Error;

    match error {
        Error::Io(error) => {
            TlsError::file(path, std::io::Error::new(error.kind(), error.to_string()))
        }
        Error::NoItemsFound => TlsError::content(path, "contains no PEM item of the expected type"),
        other => TlsError::content(path, format!("is not a valid PEM file: {other}")),
    }
}

#[cfg(test)]
mod tests;
