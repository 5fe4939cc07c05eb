//! Checks of a URL before a secret is sent to it.

use std::net::IpAddr;

use http::Uri;

/// An `http` or `https` URL with a host.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct HttpUrl {
    uri: Uri,
    host: String,
}

impl HttpUrl {
    /// Parses a URL. The error message does not include a URL with a password.
    pub(crate) fn parse(text: &str) -> Result<Self, String> {
        let wrong = |what| format!("`{text}` is not a valid endpoint URL: {what}");
        let uri: Uri = text
            .parse()
            .map_err(|_| wrong("expected `https://HOST[:PORT][/PATH]`"))?;
        if uri
            .authority()
            .is_some_and(|authority| authority.as_str().contains('@'))
        {
            return Err("the URL contains a user or password".to_owned());
        }
        if !matches!(uri.scheme_str(), Some("http" | "https")) {
            return Err(wrong("the scheme must be `https` or `http`"));
        }
        let host = uri.host().unwrap_or_default();
        let host = host
            .trim_start_matches('[')
            .trim_end_matches(']')
            .to_ascii_lowercase();
        if host.is_empty() {
            return Err(wrong("the host is missing"));
        }
        Ok(Self { uri, host })
    }

    pub(crate) fn is_https(&self) -> bool {
        self.uri.scheme_str() == Some("https")
    }

    /// Returns whether the host is this machine, by its address or as `localhost` (RFC 6761, section 6.3).
    pub(crate) fn is_loopback(&self) -> bool {
        self.host == "localhost" || self.ip().is_some_and(|ip| ip.is_loopback())
    }

    /// Returns the host if it is an IP address. Names are not resolved.
    pub(crate) fn ip(&self) -> Option<IpAddr> {
        self.host.parse().ok()
    }

    pub(crate) fn host(&self) -> &str {
        &self.host
    }

    /// Returns the URL as text.
    pub(crate) fn to_text(&self) -> String {
        self.uri.to_string()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn recognizes_loopback_without_dns() {
        for (url, loopback) in [
            ("http://localhost:8080/", true),
            ("https://127.9.9.9", true),
            ("http://[::1]:80/v1", true),
            ("http://localhost.example.com", false),
            ("http://169.254.170.23/v1/credentials", false),
            ("https://sts.eu-central-1.amazonaws.com", false),
        ] {
            assert_eq!(
                HttpUrl::parse(url).unwrap().is_loopback(),
                loopback,
                "{url}"
            );
        }
    }

    #[test]
    fn rejects_invalid_urls() {
        for url in [
            "",
            "sts.amazonaws.com",
            "/v1/credentials",
            "ftp://host/",
            "https://",
            "http://a b",
        ] {
            assert!(HttpUrl::parse(url).is_err(), "{url}");
        }
    }

    #[test]
    fn rejects_a_password_without_quoting_it() {
        let error = HttpUrl::parse("https://me:hush@host/").unwrap_err();
        assert!(!error.contains("hush"), "{error}");
    }
}
