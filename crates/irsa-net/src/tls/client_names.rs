//! The names in a client certificate, for listeners that map certificates to users.

use rustls::pki_types::CertificateDer;
use x509_parser::extensions::GeneralName;
use x509_parser::prelude::{FromDer, X509Certificate};

/// Returns the names in a certificate: the common name of its subject, then the DNS names and the URIs (such as SPIFFE
/// IDs) of its subject alternative name (RFC 5280, sections 4.1.2.6 and 4.2.1.6).
///
/// Duplicate names are listed once. If the subject has several common names, they are ignored, because it is unknown
/// which one the CA verified. Empty names and names with control characters are omitted. A certificate that cannot be
/// parsed has no names.
pub fn client_certificate_names(certificate: &CertificateDer<'_>) -> Vec<String> {
    let Ok((_, certificate)) = X509Certificate::from_der(certificate) else {
        return Vec::new();
    };
    let mut names = Vec::new();
    let alternative = alternative_names(&certificate);
    for name in common_name(&certificate).into_iter().chain(alternative) {
        if is_usable(name) && !names.iter().any(|known| known == name) {
            names.push(name.to_owned());
        }
    }
    names
}

fn common_name<'a>(certificate: &'a X509Certificate<'_>) -> Option<&'a str> {
    let mut names = certificate.subject().iter_common_name();
    match (names.next(), names.next()) {
        (Some(name), None) => name.as_str().ok(),
        _ => None,
    }
}

fn alternative_names<'a>(certificate: &'a X509Certificate<'_>) -> Vec<&'a str> {
    let Ok(Some(extension)) = certificate.subject_alternative_name() else {
        return Vec::new();
    };
    let names = &extension.value.general_names;
    let dns = names.iter().filter_map(|name| match name {
        GeneralName::DNSName(name) => Some(*name),
        _ => None,
    });
    let uris = names.iter().filter_map(|name| match name {
        GeneralName::URI(name) => Some(*name),
        _ => None,
    });
    dns.chain(uris).collect()
}

/// Rejects names with a NUL or a line break, which could be mistaken for a different name.
fn is_usable(name: &str) -> bool {
    !name.is_empty() && !name.contains(char::is_control)
}

#[cfg(test)]
mod tests {
    use rcgen::{CertificateParams, DnType, KeyPair, SanType};

    use super::*;

    fn names(change: impl FnOnce(&mut CertificateParams)) -> Vec<String> {
        let mut params = CertificateParams::default();
        params.distinguished_name = rcgen::DistinguishedName::new();
        change(&mut params);
        let key = KeyPair::generate().unwrap();
        client_certificate_names(params.self_signed(&key).unwrap().der())
    }

    fn dns(name: &str) -> SanType {
        SanType::DnsName(name.try_into().unwrap())
    }

    fn uri(name: &str) -> SanType {
        SanType::URI(name.try_into().unwrap())
    }

    #[test]
    fn lists_the_common_name_then_dns_names_then_uris() {
        let found = names(|params| {
            params
                .distinguished_name
                .push(DnType::CommonName, "shop web");
            params.subject_alt_names = vec![
                uri("spiffe://cluster.local/ns/shop/sa/web"),
                dns("web.shop.svc"),
                SanType::IpAddress([127, 0, 0, 1].into()),
                SanType::Rfc822Name("shop@example.com".try_into().unwrap()),
                dns("shop web"),
            ];
        });
        let expected = [
            "shop web",
            "web.shop.svc",
            "spiffe://cluster.local/ns/shop/sa/web",
        ];
        assert_eq!(found, expected);
    }

    #[test]
    fn a_certificate_without_names_has_no_names() {
        assert!(names(|_| {}).is_empty());
        let other = names(|params| {
            let subject = &mut params.distinguished_name;
            subject.push(DnType::OrganizationName, "SPIRE");
        });
        assert!(other.is_empty(), "{other:?}");
    }

    #[test]
    fn an_invalid_certificate_has_no_names() {
        assert!(client_certificate_names(&CertificateDer::from(vec![0x30, 0x03, 1])).is_empty());
    }

    #[test]
    fn names_with_control_characters_are_omitted() {
        let found = names(|params| {
            let subject = &mut params.distinguished_name;
            subject.push(DnType::CommonName, "admin\0.example.com");
            params.subject_alt_names = vec![dns("a\nb"), dns("web")];
        });
        assert_eq!(found, ["web"]);
    }
}
