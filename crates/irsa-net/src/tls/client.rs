//! TLS connections to servers.

mod sessions;

use std::sync::Arc;

use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use rustls::client::{Resumption, WebPkiServerVerifier};
use rustls::pki_types::{CertificateDer, ServerName, UnixTime};
use rustls::{ClientConfig, DigitallySignedStruct, SignatureScheme};

use self::sessions::Sessions;
use super::{Roots, TlsError, VERSIONS, owned, provider};
use crate::replaceable::Replaceable;

/// [`Roots`] that can be replaced at run time. Handshakes use the current roots.
#[derive(Debug)]
pub struct ReplaceableRoots {
    verifier: Replaceable<Arc<WebPkiServerVerifier>>,
    sessions: Sessions,
}

/// Creates a configuration that verifies the server's certificate chain against `roots` and the host name (PostgreSQL's
/// `verify-full`).
///
/// `alpn` lists the application protocols to offer, in order of preference.
///
/// # Errors
/// Fails if `roots` is empty.
pub fn client_config(roots: &Roots, alpn: &[&[u8]]) -> Result<Arc<ClientConfig>, TlsError> {
    Arc::new(ReplaceableRoots::new(roots)?).config(alpn)
}

// === impl ReplaceableRoots ===

impl ReplaceableRoots {
    /// Creates a verifier that starts with `roots`.
    ///
    /// # Errors
    /// Fails if `roots` is empty.
    pub fn new(roots: &Roots) -> Result<Self, TlsError> {
        Ok(Self {
            verifier: Replaceable::new(verifier(roots)?),
            sessions: Sessions::default(),
        })
    }

    /// Creates a configuration like [`client_config`] whose handshakes use the current roots.
    ///
    /// # Errors
    /// An error of rustls that does not depend on the roots.
    pub fn config(self: &Arc<Self>, alpn: &[&[u8]]) -> Result<Arc<ClientConfig>, TlsError> {
        let verifier = Arc::clone(self) as Arc<dyn ServerCertVerifier>;
        let mut config = ClientConfig::builder_with_provider(provider())
            .with_protocol_versions(VERSIONS)
            .map_err(TlsError::Configuration)?
            .dangerous()
            .with_custom_certificate_verifier(verifier)
            .with_no_client_auth();
        config.alpn_protocols = owned(alpn);
        config.resumption = Resumption::store(Arc::new(self.sessions.for_one_config()));
        Ok(Arc::new(config))
    }

    /// Replaces the roots. Open connections are not affected, and TLS sessions that the old roots verified are not
    /// resumed.
    ///
    /// # Errors
    /// Fails if `roots` is empty.
    pub fn replace(&self, roots: &Roots) -> Result<(), TlsError> {
        self.verifier.replace(verifier(roots)?);
        self.sessions.clear();
        Ok(())
    }

    fn current(&self) -> Arc<WebPkiServerVerifier> {
        Arc::clone(&self.verifier.current())
    }
}

fn verifier(roots: &Roots) -> Result<Arc<WebPkiServerVerifier>, TlsError> {
    if roots.is_empty() {
        return Err(TlsError::NoRoots);
    }
    WebPkiServerVerifier::builder_with_provider(roots.store(), provider())
        .build()
        .map_err(|_| TlsError::NoRoots)
}

impl ServerCertVerifier for ReplaceableRoots {
    fn verify_server_cert(
        &self,
        end_entity: &CertificateDer<'_>,
        intermediates: &[CertificateDer<'_>],
        name: &ServerName<'_>,
        ocsp_response: &[u8],
        now: UnixTime,
    ) -> Result<ServerCertVerified, rustls::Error> {
        let current = self.current();
        current.verify_server_cert(end_entity, intermediates, name, ocsp_response, now)
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signed: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        let current = self.current();
        current.verify_tls12_signature(message, certificate, signed)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signed: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        let current = self.current();
        current.verify_tls13_signature(message, certificate, signed)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.current().supported_verify_schemes()
    }
}
