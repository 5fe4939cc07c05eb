//! Whom a request says it speaks to.
//!
//! A web page whose name resolves to 127.0.0.1 can send requests here through a browser, but its
//! name is in them (DNS rebinding): only our own names are answered.

use std::net::{IpAddr, SocketAddr};

use http::header::HOST;
use http::uri::Authority;
use http::{HeaderMap, Uri};

/// The names that a listener answers to, besides `localhost` and addresses of the loopback.
#[derive(Debug)]
pub(crate) struct HostNames(Vec<String>);

// === impl HostNames ===

impl HostNames {
    /// DNS names or addresses, without port.
    pub(crate) fn new(names: impl IntoIterator<Item = String>) -> Self {
        Self(
            names
                .into_iter()
                .map(|name| bare(&name).to_owned())
                .collect(),
        )
    }

    /// Whether a request is meant for us, by its `Host` and by its target where that names a host
    /// (RFC 9112, section 3.2.2). `local` is the address that the client connected to.
    pub(crate) fn accept(&self, uri: &Uri, headers: &HeaderMap, local: Option<SocketAddr>) -> bool {
        let mut hosts = headers.get_all(HOST).iter();
        let host = match (hosts.next(), hosts.next()) {
            (Some(host), None) => host.to_str().ok(),
            // HTTP/1.0 has no Host, and its absolute form names one.
            (None, _) => uri.authority().map(Authority::as_str),
            (Some(_), Some(_)) => None,
        };
        let is_ours = |authority: &str| self.has(authority, local);
        host.is_some_and(is_ours)
            && uri
                .authority()
                .is_none_or(|target| is_ours(target.as_str()))
    }

    /// Whether `authority`, a host with or without a port, is one of ours.
    fn has(&self, authority: &str, local: Option<SocketAddr>) -> bool {
        let Some(host) = host_of(authority) else {
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

/// The host of `host`, `host:port`, `[v6]` or `[v6]:port`.
fn host_of(authority: &str) -> Option<&str> {
    let (host, port) = match authority.rsplit_once(':') {
        Some((host, port)) if !port.ends_with(']') => (host, port),
        _ => (authority, ""),
    };
    let is_name = !host.is_empty() && (host.starts_with('[') || !host.contains(':'));
    (is_name && port.bytes().all(|byte| byte.is_ascii_digit())).then_some(host)
}

/// An IPv6 address without its brackets; anything else as it is.
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
    fn answers_to_its_own_names_with_and_without_port() {
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
    fn answers_to_no_other_name() {
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
    fn wants_one_host() {
        assert!(!accepts("/", &[]));
        assert!(!accepts("/", &["localhost", "localhost"]));
    }

    #[test]
    fn a_target_with_a_host_must_name_us_too() {
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
