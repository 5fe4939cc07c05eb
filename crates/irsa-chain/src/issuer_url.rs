//! URLs of OIDC issuers.

use std::str::FromStr;

use crate::ParseError;
use crate::text::str_type;

const SCHEME: &str = "https://";

/// The `iss` of projected tokens and the URL of an IAM OIDC provider.
///
/// Issuers are compared byte for byte, as in IAM: a different case or a trailing slash makes a different issuer. The
/// rules are those of `CreateOpenIDConnectProvider` in the IAM API reference (https, at most 255 characters, no query).
/// User information and fragments are rejected too.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct IssuerUrl {
    text: String,
}

impl IssuerUrl {
    /// The whole URL.
    pub fn as_str(&self) -> &str {
        &self.text
    }

    /// The URL without `https://`, as in OIDC provider ARNs and condition keys.
    pub fn host_and_path(&self) -> &str {
        self.text.strip_prefix(SCHEME).unwrap_or_default()
    }
}

impl FromStr for IssuerUrl {
    type Err = ParseError;

    fn from_str(text: &str) -> Result<Self, ParseError> {
        let is_issuer = text.len() <= 255
            && text.strip_prefix(SCHEME).is_some_and(|rest| {
                let (authority, path) = rest.split_once('/').unwrap_or((rest, ""));
                is_authority(authority) && path.bytes().all(is_path_byte)
            });
        if is_issuer {
            Ok(Self {
                text: text.to_owned(),
            })
        } else {
            let expected = "https://HOST[/PATH] of at most 255 characters, without query";
            Err(ParseError::new("the URL of an OIDC issuer", text, expected))
        }
    }
}

str_type!(IssuerUrl);

/// `HOST[:PORT]`, the host in any case.
fn is_authority(authority: &str) -> bool {
    let (host, port) = authority.split_once(':').unwrap_or((authority, "443"));
    let is_label = |label: &str| {
        !label.is_empty()
            && label
                .bytes()
                .all(|b| b.is_ascii_alphanumeric() || b"-_".contains(&b))
    };
    let is_digits = port.bytes().all(|b| b.is_ascii_digit());
    host.split('.').all(is_label) && is_digits && port.parse::<u16>().is_ok()
}

/// The characters of a path in RFC 3986, section 3.3.
fn is_path_byte(b: u8) -> bool {
    b.is_ascii_alphanumeric() || b"-._~%!$&'()*+,;=:@/".contains(&b)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn removes_only_the_scheme() {
        for rest in [
            "oidc.eks.eu-west-1.amazonaws.com/id/ABC",
            "a.example",
            "A.example/",
            "a:8443/x",
        ] {
            let issuer: IssuerUrl = format!("https://{rest}").parse().unwrap();
            assert_eq!(issuer.host_and_path(), rest);
        }
    }

    #[test]
    fn a_trailing_slash_or_a_different_case_makes_a_different_issuer() {
        let issuer: IssuerUrl = "https://a.example".parse().unwrap();
        assert_ne!("https://a.example/".parse(), Ok(issuer.clone()));
        assert_ne!("https://A.example".parse(), Ok(issuer));
    }

    #[test]
    fn has_at_most_255_characters() {
        let url = |len: usize| format!("https://a.example/{}", "x".repeat(len - 18));
        assert!(url(255).parse::<IssuerUrl>().is_ok());
        assert!(url(256).parse::<IssuerUrl>().is_err());
    }

    #[test]
    fn rejects_near_misses() {
        let near_misses = [
            "",
            "https://",
            "https:///path",
            "http://a.example",
            "HTTPS://a.example",
            "a.example",
            "https://a.example?x=1",
            "https://a.example/x?y",
            "https://a.example/#x",
            "https://user@a.example",
            "https://a..example",
            "https://a.example:",
            "https://a.example:+80",
            "https://a.example:65536",
            "https://a.example/ x",
            "https://a.example\n",
            "https://é.example",
        ];
        for url in near_misses {
            assert!(url.parse::<IssuerUrl>().is_err(), "{url}");
        }
    }
}
