//! Checks of the `Host` header and of the origin of a request.

use std::net::IpAddr;

use crate::http::{Request, header};

/// Returns whether `Host` and the request target name this machine.
///
/// A web page whose name resolves to 127.0.0.1 can send requests here, but they contain its name.
pub(super) fn is_local<B>(request: &Request<B>) -> bool {
    let mut hosts = request.headers().get_all(header::HOST).iter();
    let (Some(host), None) = (hosts.next(), hosts.next()) else {
        return false;
    };
    let target = request.uri().authority();
    host.to_str().is_ok_and(is_loopback) && target.is_none_or(|name| is_loopback(name.as_str()))
}

/// Returns whether a browser sent the request on behalf of a foreign web page.
///
/// Browsers add `Origin` to every POST; other clients do not.
pub(super) fn is_from_a_web_page<B>(request: &Request<B>) -> bool {
    let is_foreign = |site: &header::HeaderValue| site != "same-origin" && site != "none";
    let site = request.headers().get("sec-fetch-site");
    request.headers().contains_key(header::ORIGIN) || site.is_some_and(is_foreign)
}

/// Returns whether `authority` is `localhost` or a loopback address, with an optional port.
fn is_loopback(authority: &str) -> bool {
    let (host, port) = match authority.rsplit_once(':') {
        Some((host, port)) if !port.ends_with(']') => (host, port),
        _ => (authority, ""),
    };
    let is_port = port.bytes().all(|byte| byte.is_ascii_digit());
    is_port && (host.eq_ignore_ascii_case("localhost") || is_loopback_ip(host))
}

fn is_loopback_ip(host: &str) -> bool {
    let v6 = host
        .strip_prefix('[')
        .and_then(|rest| rest.strip_suffix(']'));
    let ip: Option<IpAddr> = match v6 {
        Some(v6) => v6.parse().ok().map(IpAddr::V6),
        None => host.parse().ok().map(IpAddr::V4),
    };
    ip.is_some_and(|ip| ip.is_loopback())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn request(target: &str, headers: &[(&str, &str)]) -> Request<()> {
        let builder = Request::builder().uri(target);
        let add = |builder: http::request::Builder, (name, value): &(&str, &str)| {
            builder.header(*name, *value)
        };
        headers.iter().fold(builder, add).body(()).unwrap()
    }

    #[test]
    fn accepts_loopback_names() {
        for host in [
            "localhost",
            "LocalHost:9440",
            "127.0.0.1:9440",
            "[::1]:9440",
            "[::1]",
            "127.1.2.3",
        ] {
            assert!(is_local(&request("/", &[("host", host)])), "{host}");
        }
    }

    #[test]
    fn rejects_every_other_name() {
        for host in [
            "",
            "evil.example",
            "evil.example:9440",
            "localhost.evil.example",
            "127.0.0.1.evil.example",
            "10.0.0.1",
            "[::2]:9440",
            "::1",
            "localhost:9440:1",
            "localhost:x",
            "user@localhost",
            "localhost.",
        ] {
            assert!(!is_local(&request("/", &[("host", host)])), "{host}");
        }
        assert!(!is_local(&request("/", &[])));
    }

    #[test]
    fn rejects_two_hosts_and_a_foreign_target() {
        let two = [("host", "localhost"), ("host", "evil.example")];
        assert!(!is_local(&request("/", &two)));
        let local = [("host", "localhost")];
        assert!(!is_local(&request("http://evil.example/status", &local)));
        assert!(is_local(&request("http://localhost:9440/status", &local)));
    }

    #[test]
    fn recognizes_web_pages_by_the_headers_of_browsers() {
        let from = |headers| is_from_a_web_page(&request("/", headers));
        assert!(from(&[("origin", "https://evil.example")]));
        assert!(from(&[("origin", "null")]));
        assert!(from(&[("sec-fetch-site", "cross-site")]));
        assert!(!from(&[("sec-fetch-site", "none")]));
        assert!(!from(&[("user-agent", "curl/8")]));
    }
}
