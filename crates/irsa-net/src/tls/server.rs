//! TLS towards our clients, with certificates from files.

use std::path::Path;
use std::sync::Arc;

use rustls::ServerConfig;
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::server::WebPkiClientVerifier;
use rustls::server::danger::ClientCertVerifier;

use super::{Roots, TlsError, VERSIONS, owned, provider};

/// A configuration from PEM files: the certificate with its intermediates, and its key.
///
/// With `client_ca` a client must show a certificate that one of those authorities issued (mutual
/// TLS); without it clients are not asked for one.
///
/// # Errors
/// A file can't be read or holds something else, or the key is not the certificate's.
pub fn server_config_from_files(
    certificate: &Path,
    key: &Path,
    client_ca: Option<&Path>,
    alpn: &[&[u8]],
) -> Result<Arc<ServerConfig>, TlsError> {
    let chain = certificates(certificate)?;
    let private = PrivateKeyDer::from_pem_file(key).map_err(|error| pem_error(key, &error))?;
    let builder = ServerConfig::builder_with_provider(provider())
        .with_protocol_versions(VERSIONS)
        .map_err(TlsError::Configuration)?;
    let builder = match client_ca {
        Some(path) => builder.with_client_cert_verifier(client_verifier(path)?),
        None => builder.with_no_client_auth(),
    };
    let mut config = builder
        .with_single_cert(chain, private)
        .map_err(TlsError::Configuration)?;
    config.alpn_protocols = owned(alpn);
    Ok(Arc::new(config))
}

/// The certificates of a PEM file, at least one.
pub(super) fn certificates(path: &Path) -> Result<Vec<CertificateDer<'static>>, TlsError> {
    let found: Vec<_> = CertificateDer::pem_file_iter(path)
        .and_then(Iterator::collect)
        .map_err(|error| pem_error(path, &error))?;
    if found.is_empty() {
        return Err(TlsError::content(path, "holds no certificate"));
    }
    Ok(found)
}

fn client_verifier(path: &Path) -> Result<Arc<dyn ClientCertVerifier>, TlsError> {
    let roots = Roots::from_pem_file(path)?;
    WebPkiClientVerifier::builder_with_provider(roots.store(), provider())
        .build()
        .map_err(|error| TlsError::content(path, format!("can't verify clients: {error}")))
}

fn pem_error(path: &Path, error: &rustls::pki_types::pem::Error) -> TlsError {
    use rustls::pki_types::pem::Error;

    match error {
        Error::Io(error) => {
            TlsError::file(path, std::io::Error::new(error.kind(), error.to_string()))
        }
        Error::NoItemsFound => TlsError::content(path, "holds no PEM item of the wanted kind"),
        other => TlsError::content(path, format!("is not PEM: {other}")),
    }
}
