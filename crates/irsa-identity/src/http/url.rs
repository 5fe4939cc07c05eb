//! What must be known of a URL before a secret is sent there.

use std::net::IpAddr;

use http::Uri;

/// An `http` or `https` URL with a host.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct HttpUrl {
    uri: Uri,
    host: String,
}

impl HttpUrl {
    /// Reads a URL; the error says what is wrong and leaves out a URL that holds a password.
    pub(crate) fn parse(text: &str) -> Result<Self, String> {
        let wrong = |what| format!("`{text}` is no URL to ask: {what}");
        let uri: Uri = text
            .parse()
            .map_err(|_| wrong("expected `https://HOST[:PORT][/PATH]`"))?;
        if uri
            .authority()
            .is_some_and(|authority| authority.as_str().contains('@'))
        {
            return Err("the URL holds a user or a password".to_owned());
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
            return Err(wrong("it has no host"));
        }
        Ok(Self { uri, host })
    }

    pub(crate) fn is_https(&self) -> bool {
        self.uri.scheme_str() == Some("https")
    }

    /// Whether the host is this machine, by address or as `localhost` (RFC 6761, section 6.3).
    pub(crate) fn is_loopback(&self) -> bool {
        self.host == "localhost" || self.ip().is_some_and(|ip| ip.is_loopback())
    }

    /// The host as an address, if it is one. No name is resolved.
    pub(crate) fn ip(&self) -> Option<IpAddr> {
        self.host.parse().ok()
    }

    pub(crate) fn host(&self) -> &str {
        &self.host
    }

    /// The URL as text, for a request.
    pub(crate) fn to_text(&self) -> String {
        self.uri.to_string()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tells_loopback_from_the_rest_without_resolving() {
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
    fn rejects_what_is_no_http_url() {
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
