//! Headers that are forwarded, and headers that are removed.

use crate::domain::{Domain, Step};
use crate::proxy::Proxy;

#[tokio::test]
async fn the_domain_gets_only_end_to_end_headers() {
    let domain = Domain::start().await;
    let proxy = Proxy::for_domain(&domain).await;
    let request = "GET / HTTP/1.1\r\nhost: localhost:9200\r\nAuthorization: Basic aGk6aG8=\r\n\
        Connection: keep-alive, X-Mine\r\nX-Mine: 1\r\nKeep-Alive: timeout=5\r\nTE: trailers\r\n\
        Upgrade: h2c\r\nProxy-Authorization: Basic aGk6aG8=\r\nProxy-Connection: keep-alive\r\n\
        X-Amz-Date: 20200101T000000Z\r\nX-Amz-Content-Sha256: required\r\n\
        X-Amz-Security-Token: mine\r\nX-Amz-Target: mine\r\nUser-Agent: curl/8\r\n\
        Accept: a\r\nAccept: b\r\nX-Opaque-Id: 7\r\n\r\n";
    proxy.ask(request).await;
    let seen = domain.only();
    let expected = [
        "accept",
        "accept",
        "authorization",
        "host",
        "user-agent",
        "x-amz-content-sha256",
        "x-amz-date",
        "x-amz-security-token",
        "x-opaque-id",
    ];
    assert_eq!(seen.header_names(), expected);
    assert!(
        !seen.head.contains("mine") && !seen.head.contains("aGk6aG8="),
        "{}",
        seen.head
    );
}

#[tokio::test]
async fn the_client_gets_only_end_to_end_headers() {
    let headers = "Connection: X-Hop\r\nX-Hop: 1\r\nKeep-Alive: timeout=5\r\n\
        Proxy-Authenticate: Basic\r\nUpgrade: h2c\r\nSet-Cookie: a=1\r\nSet-Cookie: b=2\r\n\
        Warning: 299 - old\r\nX-Opaque-Id: 7\r\nx-amzn-RequestId: 8\r\n";
    let domain = Domain::answering(|_| Step::with_headers(200, headers, "{}")).await;
    let proxy = Proxy::for_domain(&domain).await;
    let answer = proxy.get("GET /").await;
    for gone in ["x-hop", "proxy-authenticate", "upgrade", "connection"] {
        assert_eq!(answer.header(gone), None, "{}", answer.head);
    }
    // The header of irsa, not that of the domain.
    assert_eq!(answer.header("keep-alive"), Some("timeout=595"));
    assert_eq!(answer.head.matches("set-cookie: ").count(), 2);
    for (name, value) in [
        ("warning", "299 - old"),
        ("x-opaque-id", "7"),
        ("x-amzn-requestid", "8"),
    ] {
        assert_eq!(answer.header(name), Some(value));
    }
}

#[tokio::test]
async fn a_compressed_response_stays_compressed() {
    const ZIPPED: &str = "\u{1f}\u{8}not really";
    let headers = "content-encoding: gzip\r\n";
    let domain = Domain::answering(|_| Step::with_headers(200, headers, ZIPPED)).await;
    let proxy = Proxy::for_domain(&domain).await;
    let length = ZIPPED.len();
    let request = format!(
        "POST /_bulk HTTP/1.1\r\nhost: localhost\r\naccept-encoding: gzip\r\n\
         content-encoding: gzip\r\ncontent-length: {length}\r\n\r\n{ZIPPED}"
    );
    let answer = proxy.ask(request).await;
    assert_eq!(
        (answer.header("content-encoding"), &*answer.body),
        (Some("gzip"), ZIPPED.as_bytes())
    );
    let seen = domain.only();
    assert_eq!(
        (seen.header("content-encoding"), &*seen.body),
        (Some("gzip"), ZIPPED.as_bytes())
    );
    assert_eq!(seen.header("accept-encoding"), Some("gzip"));
    let authorization = seen.header("authorization").unwrap();
    assert!(!authorization.contains("encoding"), "{authorization}");
}
