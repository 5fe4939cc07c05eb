//! Validation of the `Host` header.
//!
//! A web page whose name resolves to 127.0.0.1 can send requests to irsa through a browser, but they contain the page's
//! host name (DNS rebinding). Only requests to irsa's own names are accepted.

use std::net::{IpAddr, SocketAddr};

use http::header::HOST;
use http::uri::Authority;
use http::{HeaderMap, Uri};

/// The names of a listener, in addition to `localhost` and loopback addresses.
#[derive(Debug)]
pub(crate) struct HostNames(Vec<String>);

// === impl HostNames ===

impl HostNames {
    /// Creates the list from DNS names or addresses, without ports.
    pub(crate) fn new(names: impl IntoIterator<Item = String>) -> Self {
        Self(
            names
                .into_iter()
                .map(|name| bare(&name).to_owned())
                .collect(),
        )
    }

    /// Returns whether a request is addressed to irsa, according to its `Host` header and, if it contains a host, its
    /// request target (RFC 9112, section 3.2.2). `local` is the address that the client connected to.
    pub(crate) fn accept(&self, uri: &Uri, headers: &HeaderMap, local: Option<SocketAddr>) -> bool {
        let mut hosts = headers.get_all(HOST).iter();
        let host = match (hosts.next(), hosts.next()) {
            (Some(host), None) => host.to_str().ok(),
            // HTTP/1.0 does not require `Host`, but an absolute request target contains a host.
            (None, _) => uri.authority().map(Authority::as_str),
            (Some(_), Some(_)) => None,
        };
        let is_ours = |authority: &str| self.has(authority, local);
        host.is_some_and(is_ours)
            && uri
                .authority()
                .is_none_or(|target| is_ours(target.as_str()))
    }

    /// Returns whether `authority`, a host with an optional port, is a name of this listener.
    fn has(&self, authority: &str, local: Option<SocketAddr>) -> bool {
        let Some(host) = host_part(authority) else {
            return false;
        };
        match bare(host).parse::<IpAddr>() {
            Ok(ip) if ip.to_canonical().is_loopback() => return true,
            Ok(ip) if local.is_some_and(|local| local.ip().to_canonical() == ip.to_canonical()) => {
                return true;
            }
            _ => {}
        }
        host.eq_ignore_ascii_case("localhost")
            || self
                .0
                .iter()
                .any(|name| name.eq_ignore_ascii_case(bare(host)))
    }
}

/// Returns the host of `host`, `host:port`, `[v6]` or `[v6]:port`.
fn host_part(authority: &str) -> Option<&str> {
    let (host, port) = match authority.rsplit_once(':') {
        Some((host, port)) if !port.ends_with(']') => (host, port),
        _ => (authority, ""),
    };
    let is_name = !host.is_empty() && (host.starts_with('[') || !host.contains(':'));
    (is_name && port.bytes().all(|byte| byte.is_ascii_digit())).then_some(host)
}

/// Removes the brackets of an IPv6 address.
fn bare(host: &str) -> &str {
    host.strip_prefix('[')
        .and_then(|rest| rest.strip_suffix(']'))
        .unwrap_or(host)
}

#[cfg(test)]
mod tests {
    use http::HeaderValue;

    use super::*;

    fn accepts(uri: &'static str, hosts: &[&str]) -> bool {
        let names = HostNames::new(["Search.Example".to_owned(), "fd00::7".to_owned()]);
        let mut headers = HeaderMap::new();
        for host in hosts {
            headers.append(HOST, HeaderValue::from_str(host).unwrap());
        }
        let local = "[::ffff:10.0.0.7]:9200".parse().unwrap();
        names.accept(&Uri::from_static(uri), &headers, Some(local))
    }

    #[test]
    fn accepts_its_own_names_with_and_without_port() {
        for host in [
            "localhost",
            "LOCALHOST:9200",
            "127.0.0.1:9200",
            "127.9.9.9",
            "[::1]:9200",
            "[::1]",
            "10.0.0.7:9200",
            "search.example",
            "SEARCH.example:443",
            "[fd00::7]:1",
        ] {
            assert!(accepts("/", &[host]), "{host}");
        }
    }

    #[test]
    fn rejects_other_names() {
        for host in [
            "",
            "evil.example",
            "localhost.evil.example",
            "evil.localhost:9200",
            "10.0.0.8",
            // Browsers reach loopback by it, and pages of other sites may use it.
            "0.0.0.0:9200",
            "[::]:9200",
            "user@localhost",
            "localhost:x",
            "localhost:1:2",
            "localhost.",
            "::1",
            "[::2]",
        ] {
            assert!(!accepts("/", &[host]), "{host}");
        }
    }

    #[test]
    fn requires_exactly_one_host() {
        assert!(!accepts("/", &[]));
        assert!(!accepts("/", &["localhost", "localhost"]));
    }

    #[test]
    fn a_host_in_the_target_must_match_too() {
        assert!(accepts(
            "http://localhost:9200/_search",
            &["localhost:9200"]
        ));
        assert!(accepts("http://search.example/", &[]));
        assert!(!accepts("http://evil.example/", &["localhost"]));
        assert!(!accepts("http://localhost/", &["evil.example"]));
        assert!(!accepts("http://user@localhost/", &["localhost"]));
    }
}
