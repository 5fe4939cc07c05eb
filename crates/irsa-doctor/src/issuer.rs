//! Issuers that AWS cannot reach.

use std::net::Ipv4Addr;

use irsa_chain::IssuerUrl;

/// The remedy for an issuer that AWS cannot reach.
pub(crate) const PUBLIC_ISSUER: &str = "Set the API server's `--service-account-issuer` to a public https URL that serves \
                                        its discovery document and key set, and create the OIDC provider for that URL";

/// The suffixes of names that resolve only within a cluster, a network or a machine (RFC 6761, RFC 6762, and "DNS for
/// Services and Pods" in the Kubernetes documentation).
const PRIVATE_SUFFIXES: [&str; 5] = [".svc", ".local", ".localhost", ".internal", ".test"];

/// The reason why AWS cannot fetch the issuer's keys from the internet, if the issuer's host name shows one.
pub(crate) fn unreachable_issuer(issuer: &IssuerUrl) -> Option<String> {
    let host = issuer.host_and_path().split(['/', ':']).next()?;
    let host = host.to_ascii_lowercase();
    let is_private_name = !host.contains('.') || {
        let mut suffixes = PRIVATE_SUFFIXES.iter();
        suffixes.any(|suffix| host.ends_with(suffix))
    };
    let address: Option<Ipv4Addr> = host.parse().ok();
    let is_private_address = address.is_some_and(|address| {
        address.is_loopback() || address.is_private() || address.is_link_local()
    });
    (is_private_name || is_private_address).then(|| {
        format!(
            "`{host}` is a private name, so AWS cannot fetch the issuer's keys from the internet"
        )
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn private_names_and_addresses_are_distinguished_from_public_ones() {
        for (url, is_private) in [
            ("https://kubernetes.default.svc.cluster.local", true),
            ("https://kubernetes.default.svc", true),
            ("https://kubernetes/", true),
            ("https://10.0.0.1:6443", true),
            ("https://127.0.0.1/id", true),
            ("https://oidc.eks.eu-west-1.amazonaws.com/id/A", false),
            ("https://s3.eu-west-1.amazonaws.com/bucket", false),
            ("https://svc.example.com", false),
            ("https://8.8.8.8", false),
        ] {
            let issuer: IssuerUrl = url.parse().unwrap();
            assert_eq!(unreachable_issuer(&issuer).is_some(), is_private, "{url}");
        }
    }
}
