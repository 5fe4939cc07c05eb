//! The embedded root certificates of Amazon RDS.

use std::collections::BTreeSet;
use std::sync::{Arc, LazyLock};

use rustls::RootCertStore;
use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::PemObject;
use x509_parser::prelude::{FromDer, X509Certificate};

use super::Roots;

static BUNDLE: &[u8] = include_bytes!("../../../data/rds-roots.pem");

pub(super) fn embedded() -> &'static Roots {
    static ROOTS: LazyLock<Roots> = LazyLock::new(|| read(BUNDLE));
    &ROOTS
}

fn read(bundle: &[u8]) -> Roots {
    let mut store = RootCertStore::empty();
    let mut regions = BTreeSet::new();
    for certificate in CertificateDer::pem_slice_iter(bundle).flatten() {
        let region = certificate_region(&certificate);
        if store.add(certificate).is_ok() {
            regions.extend(region);
        }
    }
    Roots {
        store: Arc::new(store),
        regions,
    }
}

fn certificate_region(certificate: &[u8]) -> Option<String> {
    let (_, certificate) = X509Certificate::from_der(certificate).ok()?;
    let name = certificate.subject().iter_common_name().next()?;
    parse_region(name.as_str().ok()?).map(str::to_owned)
}

/// `Amazon RDS eu-central-1 Root CA RSA2048 G1` -> `eu-central-1`
fn parse_region(name: &str) -> Option<&str> {
    let (region, _) = name.strip_prefix("Amazon RDS ")?.split_once(" Root CA ")?;
    (!region.contains(' ')).then_some(region)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn loads_every_certificate_of_the_bundle() {
        let count = BUNDLE
            .windows(BEGIN.len())
            .filter(|window| *window == BEGIN)
            .count();
        assert!(count > 0);
        assert_eq!(embedded().len(), count);
    }

    #[test]
    fn has_three_roots_for_each_region() {
        // `rds-ca-rsa2048-g1`, `rds-ca-rsa4096-g1` and `rds-ca-ecc384-g1`.
        assert_eq!(embedded().len(), 3 * embedded().regions().count());
    }

    #[test]
    fn finds_the_region_only_in_names_of_production_cas() {
        assert_eq!(
            parse_region("Amazon RDS eu-central-1 Root CA RSA2048 G1"),
            Some("eu-central-1")
        );
        assert_eq!(
            parse_region("Amazon RDS Beta us-east-1 Root CA ECC384 G1"),
            None
        );
        assert_eq!(parse_region("Amazon Root CA 1"), None);
    }

    const BEGIN: &[u8] = b"-----BEGIN CERTIFICATE-----";
}
