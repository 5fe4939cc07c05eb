//! Creation of certificates.

use std::time::SystemTime;

use rcgen::{
    BasicConstraints, Certificate, CertificateParams, CertifiedIssuer, DistinguishedName, DnType,
    ExtendedKeyUsagePurpose, IsCa, Issuer, KeyPair, KeyUsagePurpose, SanType,
};
use rustls::pki_types::{PrivateKeyDer, PrivatePkcs8KeyDer};
use rustls::sign::CertifiedKey;
use time::{Duration, OffsetDateTime};

use super::super::{TlsError, provider};
use super::Issued;

/// The purpose of a certificate.
#[derive(Clone, Copy, Debug)]
pub(super) enum Usage<'a> {
    /// A server with these names.
    Server(&'a [&'a str]),
    /// A client with this common name and, optionally, this URI.
    Client(&'a str, Option<&'a str>),
}

/// A certificate and its key.
pub(super) struct Leaf {
    certificate: Certificate,
    key: KeyPair,
}

/// Creates a self-signed CA that can issue end-entity certificates, but no intermediate CAs.
///
/// Each CA has a unique name. Otherwise, clients that trust an earlier CA would report a bad signature instead of an
/// unknown issuer.
pub(super) fn authority(
    now: OffsetDateTime,
    life: Duration,
) -> Result<CertifiedIssuer<'static, KeyPair>, TlsError> {
    let fail = |error| failed(AUTHORITY, error);
    let key = KeyPair::generate().map_err(fail)?;
    let mut params = CertificateParams::default();
    params.distinguished_name = named(&format!("{AUTHORITY} {}", short_id(&key)));
    params.is_ca = IsCa::Ca(BasicConstraints::Constrained(0));
    params.key_usages = vec![KeyUsagePurpose::KeyCertSign, KeyUsagePurpose::CrlSign];
    params.not_before = now - CLOCK_SKEW;
    params.not_after = now + life;
    CertifiedIssuer::self_signed(params, key).map_err(fail)
}

pub(super) fn leaf(
    issuer: &Issuer<'_, KeyPair>,
    usage: &Usage<'_>,
    now: OffsetDateTime,
) -> Result<Leaf, TlsError> {
    leaf_until(issuer, usage, now, now + LEAF_LIFE)
}

pub(super) fn leaf_until(
    issuer: &Issuer<'_, KeyPair>,
    usage: &Usage<'_>,
    now: OffsetDateTime,
    end: OffsetDateTime,
) -> Result<Leaf, TlsError> {
    let mut params = params(usage)?;
    params.key_usages = vec![KeyUsagePurpose::DigitalSignature];
    params.use_authority_key_identifier_extension = true;
    params.not_before = now - CLOCK_SKEW;
    params.not_after = end;
    let key = KeyPair::generate().map_err(|error| failed(usage.name(), error))?;
    let certificate = params
        .signed_by(&key, issuer)
        .map_err(|error| failed(usage.name(), error))?;
    Ok(Leaf { certificate, key })
}

/// Creates a certificate that expired a day ago.
pub(super) fn expired_leaf(
    issuer: &Issuer<'_, KeyPair>,
    usage: &Usage<'_>,
) -> Result<Leaf, TlsError> {
    leaf(issuer, usage, now() - LEAF_LIFE - CLOCK_SKEW)
}

/// Returns the real time, because other programs compare the validity of certificates with their wall clocks.
#[expect(
    clippy::disallowed_methods,
    reason = "a certificate's validity is compared with the real time by other programs"
)]
pub(super) fn now() -> OffsetDateTime {
    SystemTime::now().into()
}

impl Leaf {
    pub(super) fn certified_key(&self) -> Result<CertifiedKey, TlsError> {
        let key = PrivateKeyDer::Pkcs8(PrivatePkcs8KeyDer::from(self.key.serialize_der()));
        CertifiedKey::from_der(vec![self.certificate.der().clone()], key, &provider())
            .map_err(TlsError::Configuration)
    }
}

impl From<Leaf> for Issued {
    fn from(leaf: Leaf) -> Self {
        Self {
            certificate_pem: leaf.certificate.pem(),
            key_pem: leaf.key.serialize_pem(),
        }
    }
}

impl Usage<'_> {
    fn name(&self) -> &str {
        match self {
            Self::Server(names) => names.first().copied().unwrap_or_default(),
            Self::Client(name, _) => name,
        }
    }
}

fn params(usage: &Usage<'_>) -> Result<CertificateParams, TlsError> {
    match usage {
        Usage::Server(names) => {
            let mut params = CertificateParams::default();
            for name in *names {
                let one = CertificateParams::new([(*name).to_owned()])
                    .map_err(|error| failed(name, error))?;
                params.subject_alt_names.extend(one.subject_alt_names);
            }
            // A fixed name, because a common name has at most 64 characters and host names of RDS can be longer.
            params.distinguished_name = named(SERVER);
            params.extended_key_usages = vec![ExtendedKeyUsagePurpose::ServerAuth];
            Ok(params)
        }
        Usage::Client(name, uri) => {
            let mut params = CertificateParams::default();
            params.distinguished_name = named(name);
            if let Some(uri) = *uri {
                let name = uri.try_into().map_err(|error| failed(uri, error))?;
                params.subject_alt_names.push(SanType::URI(name));
            }
            params.extended_key_usages = vec![ExtendedKeyUsagePurpose::ClientAuth];
            Ok(params)
        }
    }
}

/// Returns the last 8 bytes of the public key in hexadecimal.
fn short_id(key: &KeyPair) -> String {
    let public = key.public_key_raw();
    let end = public.last_chunk().copied().unwrap_or_default();
    format!("{:016x}", u64::from_be_bytes(end))
}

fn named(common_name: &str) -> DistinguishedName {
    let mut name = DistinguishedName::new();
    name.push(DnType::CommonName, common_name);
    name
}

fn failed(name: &str, error: rcgen::Error) -> TlsError {
    TlsError::Issue {
        name: name.to_owned(),
        error,
    }
}

const AUTHORITY: &str = "irsa local authority";
const SERVER: &str = "irsa local server";
pub(super) const AUTHORITY_LIFE: Duration = Duration::days(3653);
const LEAF_LIFE: Duration = Duration::days(365);
/// Tolerance for clients whose clocks are behind.
const CLOCK_SKEW: Duration = Duration::days(1);
