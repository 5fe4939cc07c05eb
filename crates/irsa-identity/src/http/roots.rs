//! The CAs that certificates of AWS endpoints are verified with.

use std::path::{Path, PathBuf};

use aws_smithy_http_client::tls::TrustStore;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use irsa_chain::Link;
use rustls::RootCertStore;
use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::PemObject;

use crate::{Environment, IdentityError};

/// Returns the system's CAs, or Mozilla's on a system without CAs (an image without `ca-certificates`), together with
/// those in `ca_file` and `AWS_CA_BUNDLE`.
///
/// All certificates are parsed here, because the HTTP client panics on an invalid one.
///
/// # Errors
/// A file cannot be read or contains no certificate.
pub(super) fn trust_store(
    ca_file: Option<&Path>,
    environment: &Environment,
) -> Result<TrustStore, IdentityError> {
    let mut store = base_roots();
    let bundle = environment.get("AWS_CA_BUNDLE").map(PathBuf::from);
    for path in ca_file.into_iter().chain(bundle.as_deref()) {
        for certificate in certificates_of(path)? {
            store.add_pem_certificate(to_pem(&certificate));
        }
    }
    Ok(store)
}

fn base_roots() -> TrustStore {
    let native = rustls_native_certs::load_native_certs().certs;
    let readable: Vec<_> = native.into_iter().filter(is_readable).collect();
    let roots = if readable.is_empty() {
        webpki_root_certs::TLS_SERVER_ROOT_CERTS
    } else {
        &readable
    };
    let pem: String = roots.iter().map(to_pem).collect();
    TrustStore::empty().with_pem_certificate(pem)
}

fn certificates_of(path: &Path) -> Result<Vec<CertificateDer<'static>>, IdentityError> {
    let wrong = |what: String| {
        let text = format!("the CA file `{}` {what}", path.display());
        IdentityError::at(Link::StsSession, text)
            .with_remedy("set `--ca-file` or `AWS_CA_BUNDLE` to a PEM file of CA certificates")
    };
    let pem = std::fs::read(path).map_err(|error| wrong(format!("cannot be read: {error}")))?;
    let certificates = CertificateDer::pem_slice_iter(&pem)
        .collect::<Result<Vec<_>, _>>()
        .map_err(|_| wrong("is not a PEM file".to_owned()))?;
    if certificates.is_empty() {
        return Err(wrong("contains no certificate".to_owned()));
    }
    match certificates
        .iter()
        .position(|certificate| !is_readable(certificate))
    {
        Some(index) => Err(wrong(format!(
            "contains an invalid certificate (number {})",
            index + 1
        ))),
        None => Ok(certificates),
    }
}

fn is_readable(certificate: &CertificateDer<'_>) -> bool {
    RootCertStore::empty()
        .add(certificate.clone().into_owned())
        .is_ok()
}

fn to_pem(certificate: &CertificateDer<'_>) -> String {
    let body = STANDARD.encode(certificate);
    format!("-----BEGIN CERTIFICATE-----\n{body}\n-----END CERTIFICATE-----\n")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn error_of(content: &str) -> String {
        let file = tempfile::NamedTempFile::new().unwrap();
        std::fs::write(file.path(), content).unwrap();
        trust_store(Some(file.path()), &Environment::default())
            .unwrap_err()
            .to_string()
    }

    #[test]
    fn every_bundled_root_is_readable() {
        assert!(
            webpki_root_certs::TLS_SERVER_ROOT_CERTS
                .iter()
                .all(is_readable)
        );
    }

    #[test]
    fn certificates_survive_the_conversion_to_pem() {
        let certificate = &webpki_root_certs::TLS_SERVER_ROOT_CERTS[0];
        let back = CertificateDer::from_pem_slice(to_pem(certificate).as_bytes()).unwrap();
        assert_eq!(&back, certificate);
    }

    #[test]
    fn a_bad_file_is_an_error_and_no_panic() {
        assert!(error_of("").ends_with("contains no certificate"));
        assert!(
            error_of("-----BEGIN CERTIFICATE-----\n!!\n-----END CERTIFICATE-----").contains("PEM")
        );
        let not_a_certificate = to_pem(&CertificateDer::from(vec![1, 2, 3]));
        assert!(error_of(&not_a_certificate).contains("number 1"));
    }

    #[test]
    fn a_missing_bundle_of_the_environment_is_named() {
        let environment = Environment::from_pairs([("AWS_CA_BUNDLE", "/nowhere/ca.pem")]);
        let error = trust_store(None, &environment).unwrap_err();
        assert!(error.to_string().contains("`/nowhere/ca.pem`"), "{error}");
    }
}
