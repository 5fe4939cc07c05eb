//! The keys of a server: its CA, its certificate, its administrator's, and the key that signs tokens.

use rcgen::{
    BasicConstraints, CertificateParams, DistinguishedName, DnType, ExtendedKeyUsagePurpose, IsCa,
    Issuer, KeyPair, KeyUsagePurpose,
};
use rsa::PrivateKey;
use rsa::pkcs1::{EncodeRsaPrivateKey as _, LineEnding};

use super::KubernetesError;

/// The size that EKS uses.
const SIGNING_KEY_BITS: usize = 2048;
/// The group that the role `cluster-admin` is bound to from the start.
const ADMINISTRATORS: &str = "system:masters";

/// All in PEM.
pub(super) struct Certificates {
    pub(super) authority: String,
    pub(super) server: Pair,
    pub(super) administrator: Pair,
    pub(super) signing_key: String,
}

/// A certificate and its key in PEM.
pub(super) struct Pair {
    pub(super) certificate: String,
    pub(super) key: String,
}

impl Certificates {
    pub(super) fn generate() -> Result<Self, KubernetesError> {
        let key = KeyPair::generate()?;
        let parameters = authority();
        let authority = parameters.self_signed(&key)?.pem();
        let issuer = Issuer::new(parameters, key);
        Ok(Self {
            authority,
            server: server(&issuer)?,
            administrator: administrator(&issuer)?,
            signing_key: signing_key()?,
        })
    }
}

fn authority() -> CertificateParams {
    let mut parameters = CertificateParams::default();
    parameters.distinguished_name = named(&[(DnType::CommonName, "irsa-kubernetes")]);
    parameters.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    parameters.key_usages = vec![KeyUsagePurpose::KeyCertSign, KeyUsagePurpose::CrlSign];
    parameters
}

fn server(issuer: &Issuer<'_, KeyPair>) -> Result<Pair, KubernetesError> {
    let names = ["127.0.0.1", "localhost", "kubernetes.default.svc"];
    let mut parameters = CertificateParams::new(names.map(str::to_owned))?;
    parameters.distinguished_name = named(&[(DnType::CommonName, "kube-apiserver")]);
    parameters.extended_key_usages = vec![ExtendedKeyUsagePurpose::ServerAuth];
    pair(&parameters, issuer)
}

fn administrator(issuer: &Issuer<'_, KeyPair>) -> Result<Pair, KubernetesError> {
    let mut parameters = CertificateParams::default();
    parameters.distinguished_name = named(&[
        (DnType::OrganizationName, ADMINISTRATORS),
        (DnType::CommonName, "admin"),
    ]);
    parameters.extended_key_usages = vec![ExtendedKeyUsagePurpose::ClientAuth];
    pair(&parameters, issuer)
}

fn named(parts: &[(DnType, &str)]) -> DistinguishedName {
    let mut name = DistinguishedName::new();
    for (kind, value) in parts {
        name.push(kind.clone(), *value);
    }
    name
}

fn pair(
    parameters: &CertificateParams,
    issuer: &Issuer<'_, KeyPair>,
) -> Result<Pair, KubernetesError> {
    let key = KeyPair::generate()?;
    Ok(Pair {
        certificate: parameters.signed_by(&key, issuer)?.pem(),
        key: key.serialize_pem(),
    })
}

/// RSA: AWS's STS accepts only tokens with RS256 and related algorithms.
fn signing_key() -> Result<String, KubernetesError> {
    let failed = |error: String| KubernetesError::SigningKey(error);
    let key = PrivateKey::new(&mut rand::rng(), SIGNING_KEY_BITS)
        .map_err(|error| failed(error.to_string()))?;
    let pem = key
        .to_pkcs1_pem(LineEnding::LF)
        .map_err(|error| failed(error.to_string()))?;
    Ok(pem.to_string())
}
