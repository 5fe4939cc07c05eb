//! Requests that try to mislead the proxy.

use std::fmt::Write as _;

use crate::domain::{Domain, Step};
use crate::proxy::{Proxy, SHORT, Setup};

/// Sends all bytes, and reads until the connection ends or becomes silent.
async fn say(proxy: &Proxy, request: &str) -> String {
    let mut client = proxy.connect().await;
    client.send(request).await;
    let _ = tokio::io::AsyncWriteExt::shutdown(&mut client.0).await;
    client.rest().await
}

#[tokio::test]
async fn ambiguous_requests_are_rejected() {
    let domain = Domain::start().await;
    let proxy = Proxy::for_domain(&domain).await;
    for lines in [
        "content-length: 5\r\ncontent-length: 6",
        "content-length: 5, 6",
        "content-length: +5",
        "content-length: 0x5",
        "content-length: -1",
        "content-length: 18446744073709551617",
        "content-length : 5",
        "transfer-encoding: xchunked",
        "transfer-encoding: chunked, identity",
        "transfer-encoding: gzip",
        "transfer-encoding: chunked\r\ntransfer-encoding: identity",
        "x-folded: a\r\n b",
        "x-nul: a\0b",
        "x name: a",
        ": a",
    ] {
        let request = format!("POST / HTTP/1.1\r\nhost: localhost\r\n{lines}\r\n\r\nhello");
        let answer = say(&proxy, &request).await;
        assert!(answer.starts_with("HTTP/1.1 400 "), "{lines:?}: {answer}");
    }
    for request in [
        "POST / HTTP/1.0\r\nhost: localhost\r\ntransfer-encoding: chunked\r\n\r\n0\r\n\r\n",
        "GET / HTTP/1.1 HTTP/1.1\r\nhost: localhost\r\n\r\n",
        "GET /a b HTTP/1.1\r\nhost: localhost\r\n\r\n",
        "GET  / HTTP/1.1\r\nhost: localhost\r\n\r\n",
        "\u{16}\u{3}\u{1}garbage\r\n\r\n",
    ] {
        let answer = say(&proxy, request).await;
        assert!(
            answer.is_empty() || answer.starts_with("HTTP/1.1 400 "),
            "{request:?}: {answer}"
        );
    }
    assert!(domain.seen().is_empty(), "{:?}", domain.seen());
    assert_eq!(proxy.get("GET /").await.status(), 200);
    proxy.end().await;
}

#[tokio::test]
async fn chunks_take_precedence_over_a_length_and_close_the_connection() {
    for lines in [
        "content-length: 60\r\ntransfer-encoding: chunked",
        "transfer-encoding: chunked\r\ncontent-length: 60",
        "content-length: 2\r\ntransfer-encoding: chunked\r\ncontent-length: 60",
    ] {
        let domain = Domain::start().await;
        let proxy = Proxy::for_domain(&domain).await;
        let body = "2\r\nhi\r\n0\r\n\r\n";
        let next = "GET /next HTTP/1.1\r\nhost: localhost\r\n\r\n";
        let request =
            format!("POST /first HTTP/1.1\r\nhost: localhost\r\n{lines}\r\n\r\n{body}{next}");
        let answer = say(&proxy, &request).await;
        assert!(answer.contains("\r\nconnection: close\r\n"), "{answer}");
        assert_eq!(answer.matches("HTTP/1.1 ").count(), 1, "{lines:?}");
        let seen = domain.only();
        assert_eq!(seen.request_line(), "POST /first HTTP/1.1");
        assert_eq!(
            (seen.header("content-length"), &*seen.body),
            (Some("2"), &b"hi"[..])
        );
        assert_eq!(seen.header("transfer-encoding"), None);
        proxy.end().await;
    }
}

#[tokio::test]
async fn an_unsupported_transfer_coding_is_rejected() {
    let domain = Domain::start().await;
    let proxy = Proxy::for_domain(&domain).await;
    for lines in [
        "transfer-encoding: gzip, chunked",
        "transfer-encoding: gzip\r\ntransfer-encoding: chunked",
        "transfer-encoding: chunked, chunked",
    ] {
        let request =
            format!("POST / HTTP/1.1\r\nhost: localhost\r\n{lines}\r\n\r\n2\r\nhi\r\n0\r\n\r\n");
        let answer = say(&proxy, &request).await;
        assert!(answer.starts_with("HTTP/1.1 501 "), "{lines:?}: {answer}");
        assert!(answer.contains("Content-Encoding"), "{answer}");
    }
    assert!(domain.seen().is_empty(), "{:?}", domain.seen());
    proxy.end().await;
}

#[tokio::test]
async fn bare_line_feeds_are_normalized_or_rejected() {
    let domain = Domain::start().await;
    let proxy = Proxy::for_domain(&domain).await;
    say(&proxy, "GET /a HTTP/1.1\nhost: localhost\nx-a: b\n\n").await;
    say(
        &proxy,
        "GET /a HTTP/1.1\r\nhost: localhost\r\nx-a: b\nx-c: d\r\n\r\n",
    )
    .await;
    for seen in domain.seen() {
        assert_eq!(
            seen.head.matches('\n').count(),
            seen.head.matches("\r\n").count()
        );
        assert_eq!(seen.header("x-a"), Some("b"));
    }
}

#[tokio::test]
async fn malformed_chunks_are_rejected() {
    let domain = Domain::start().await;
    let proxy = Proxy::for_domain(&domain).await;
    let head = "POST / HTTP/1.1\r\nhost: localhost\r\ntransfer-encoding: chunked\r\n\r\n";
    for body in [
        "x\r\nhello\r\n0\r\n\r\n",
        "5\r\nhelloo\r\n0\r\n\r\n",
        "ffffffffffffffffff\r\nh",
        "-1\r\nh",
    ] {
        let answer = say(&proxy, &format!("{head}{body}")).await;
        assert!(
            answer.is_empty() || answer.starts_with("HTTP/1.1 400 "),
            "{body:?}: {answer}"
        );
    }
    assert!(domain.seen().is_empty());
    proxy.end().await;
}

#[tokio::test]
async fn header_bombs_are_rejected() {
    let domain = Domain::start().await;
    let proxy = Proxy::for_domain(&domain).await;
    let mut many = String::new();
    for number in 0..2_000 {
        write!(many, "x-{number}: 1\r\n").unwrap();
    }
    let large = format!("x: {}\r\n", "v".repeat(100_000));
    for lines in [many, large] {
        let answer = say(
            &proxy,
            &format!("GET / HTTP/1.1\r\nhost: localhost\r\n{lines}\r\n"),
        )
        .await;
        assert!(
            answer.is_empty() || answer.starts_with("HTTP/1.1 431 "),
            "{answer}"
        );
    }
    let long = format!(
        "GET /{} HTTP/1.1\r\nhost: localhost\r\n\r\n",
        "a".repeat(100_000)
    );
    let answer = say(&proxy, &long).await;
    assert!(
        answer.is_empty() || answer.starts_with("HTTP/1.1 4"),
        "{answer}"
    );
    assert!(domain.seen().is_empty());
    proxy.end().await;
}

#[tokio::test]
async fn hundreds_of_headers_are_forwarded() {
    let domain = Domain::start().await;
    let proxy = Proxy::for_domain(&domain).await;
    let mut lines = String::new();
    for number in 0..900 {
        write!(lines, "x-{number}: {}\r\n", "v".repeat(50)).unwrap();
    }
    let request = format!("GET / HTTP/1.1\r\nhost: localhost\r\n{lines}\r\n");
    assert_eq!(proxy.ask(request).await.status(), 200);
    let names = domain.only().header_names();
    let passed = names
        .iter()
        .filter(|name| name.starts_with("x-") && !name.starts_with("x-amz-"));
    assert_eq!(passed.count(), 900);
    proxy.end().await;
}

#[tokio::test]
async fn slow_headers_time_out() {
    let domain = Domain::start().await;
    let mut setup = Setup::for_address(domain.address, &domain.authority);
    setup.limits.header_timeout = SHORT;
    let proxy = setup.start().await;
    let mut client = proxy.connect().await;
    client.send("GET / HTTP/1.1\r\nhost: local").await;
    let answer = client.rest().await;
    assert!(
        answer.is_empty() || answer.starts_with("HTTP/1.1 408 "),
        "{answer}"
    );
    assert!(domain.seen().is_empty());
    proxy.end().await;
}

#[tokio::test]
async fn pipelined_requests_are_separate() {
    let domain = Domain::answering(|number| Step::ok(&number.to_string())).await;
    let proxy = Proxy::for_domain(&domain).await;
    let mut client = proxy.connect().await;
    let one = "POST /a HTTP/1.1\r\nhost: localhost\r\ncontent-length: 2\r\n\r\nhi";
    client.send(one.repeat(3)).await;
    for number in 0..3 {
        assert_eq!(client.answer().await.body, number.to_string());
    }
    assert!(domain.seen().iter().all(|seen| seen.body == b"hi"));
}
