//! A CA whose certificate and key are stored, so that several processes issue certificates with it.

use std::fmt::{self, Debug, Formatter};
use std::time::{Duration, SystemTime};

use rcgen::{Issuer, KeyPair, PublicKeyData};
use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::PemObject;
use time::OffsetDateTime;
use x509_parser::prelude::{FromDer, X509Certificate};

use super::super::{ServerIdentity, TlsError};
use super::issue::{self, Usage};

/// The certificate of a CA, without its key.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AuthorityCertificate {
    pem: String,
    end: SystemTime,
}

/// A CA with its key. `Debug` does not show the key.
pub struct StoredAuthority {
    certificate: AuthorityCertificate,
    key_pem: String,
    issuer: Issuer<'static, KeyPair>,
}

// === impl AuthorityCertificate ===

impl AuthorityCertificate {
    /// Parses the only certificate of a PEM text.
    ///
    /// # Errors
    /// The text is not one certificate of a CA in PEM.
    pub fn from_pem(pem: &str) -> Result<Self, TlsError> {
        let (der, certificate) = parse(pem)?;
        let end = with_parsed(&der, |parsed| parsed.validity().not_after.to_datetime())?;
        Ok(Self {
            pem: certificate,
            end: end.into(),
        })
    }

    /// The certificate in PEM, with a line break at its end.
    pub fn pem(&self) -> &str {
        &self.pem
    }

    /// The time at which it expires.
    pub fn end(&self) -> SystemTime {
        self.end
    }
}

// === impl StoredAuthority ===

impl StoredAuthority {
    /// Generates a CA that is valid for this time.
    ///
    /// # Errors
    /// The key cannot be generated.
    pub fn generate(life: Duration) -> Result<Self, TlsError> {
        let life = time::Duration::try_from(life).unwrap_or(issue::AUTHORITY_LIFE);
        let issuer = issue::authority(issue::now(), life)?;
        Self::from_pem(&issuer.pem(), &issuer.key().serialize_pem())
    }

    /// Reads a CA from PEM.
    ///
    /// # Errors
    /// The certificate or the key cannot be used, or they do not belong together.
    pub fn from_pem(certificate: &str, key: &str) -> Result<Self, TlsError> {
        let (der, _) = parse(certificate)?;
        let certificate = AuthorityCertificate::from_pem(certificate)?;
        let pair = KeyPair::from_pem(key)
            .map_err(|_| TlsError::StoredAuthority("has a key that is not valid PEM"))?;
        let public = with_parsed(&der, |parsed| parsed.public_key().raw.to_vec())?;
        if public != pair.subject_public_key_info() {
            return Err(TlsError::StoredAuthority(
                "has a key that does not belong to its certificate",
            ));
        }
        let issuer = Issuer::from_ca_cert_der(&der, pair)
            .map_err(|_| TlsError::StoredAuthority(UNREADABLE))?;
        Ok(Self {
            certificate,
            key_pem: key.to_owned(),
            issuer,
        })
    }

    /// Its certificate.
    pub fn certificate(&self) -> &AuthorityCertificate {
        &self.certificate
    }

    /// Its private key in PEM, a secret.
    pub fn key_pem(&self) -> &str {
        &self.key_pem
    }

    /// Issues a certificate for a server with these names that is valid for `life`, but not longer than the CA, and
    /// returns it with the time at which it expires.
    ///
    /// # Errors
    /// A name is neither a DNS name nor an IP address.
    pub fn issue_server(
        &self,
        names: &[&str],
        life: Duration,
    ) -> Result<(ServerIdentity, SystemTime), TlsError> {
        let now = issue::now();
        let life = time::Duration::try_from(life).unwrap_or(issue::AUTHORITY_LIFE);
        let end = (now + life).min(OffsetDateTime::from(self.certificate.end));
        let leaf = issue::leaf_until(&self.issuer, &Usage::Server(names), now, end)?;
        Ok((leaf.certified_key()?.into(), end.into()))
    }
}

impl Debug for StoredAuthority {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        f.debug_struct("StoredAuthority")
            .field("certificate", &self.certificate)
            .finish_non_exhaustive()
    }
}

const UNREADABLE: &str = "has a certificate that cannot be read";

/// Returns the only certificate of a PEM text, and its PEM alone: the text may contain comments.
fn parse(pem: &str) -> Result<(CertificateDer<'static>, String), TlsError> {
    let all: Result<Vec<_>, _> = CertificateDer::pem_slice_iter(pem.as_bytes()).collect();
    let Ok([der]) = all.as_deref() else {
        return Err(TlsError::StoredAuthority("is not one certificate in PEM"));
    };
    let is_authority = with_parsed(der, |parsed| parsed.is_ca())?;
    if !is_authority {
        return Err(TlsError::StoredAuthority("has a certificate of a server"));
    }
    let start = pem.find(BEGIN).unwrap_or_default();
    let end = pem.find(END).map_or(pem.len(), |at| at + END.len());
    let text = pem.get(start..end).unwrap_or_default();
    Ok((der.clone().into_owned(), format!("{text}\n")))
}

const BEGIN: &str = "-----BEGIN CERTIFICATE-----";
const END: &str = "-----END CERTIFICATE-----";

fn with_parsed<T>(
    der: &CertificateDer<'_>,
    read: impl FnOnce(&X509Certificate<'_>) -> T,
) -> Result<T, TlsError> {
    match X509Certificate::from_der(der) {
        Ok((_, certificate)) => Ok(read(&certificate)),
        Err(_) => Err(TlsError::StoredAuthority(UNREADABLE)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const DAY: Duration = Duration::from_hours(24);

    #[test]
    fn a_stored_authority_is_the_one_that_was_generated() {
        let first = StoredAuthority::generate(DAY).unwrap();
        let pem = format!("# irsa\n{}", first.certificate().pem());
        let second = StoredAuthority::from_pem(&pem, first.key_pem()).unwrap();
        assert_eq!(first.certificate(), second.certificate());
        let (_, end) = second.issue_server(&["irsa.svc"], 2 * DAY).unwrap();
        assert_eq!(end, second.certificate().end());
        assert!(!format!("{second:?}").contains("PRIVATE"));
    }

    #[test]
    fn damaged_and_foreign_parts_are_rejected() {
        let one = StoredAuthority::generate(DAY).unwrap();
        let other = StoredAuthority::generate(DAY).unwrap();
        let certificate = one.certificate().pem();
        let cut = &certificate[..certificate.len() / 2];
        let two = format!("{certificate}{certificate}");
        for (certificate, key) in [
            ("", one.key_pem()),
            (cut, one.key_pem()),
            (two.as_str(), one.key_pem()),
            (certificate, ""),
            (certificate, other.key_pem()),
        ] {
            let error = StoredAuthority::from_pem(certificate, key).unwrap_err();
            assert!(matches!(error, TlsError::StoredAuthority(_)), "{error}");
        }
        let server = super::super::LocalAuthority::generate()
            .unwrap()
            .issue_server(&["irsa.svc"])
            .unwrap();
        let error = AuthorityCertificate::from_pem(&server.certificate_pem).unwrap_err();
        assert!(error.to_string().contains("of a server"), "{error}");
    }
}
