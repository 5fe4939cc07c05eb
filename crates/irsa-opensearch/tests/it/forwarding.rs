//! Requests reach the domain as the client sent them, and signed.

use std::fmt::Write as _;

use irsa_identity::SigningService;

use crate::domain::{Domain, HOST, Step};
use crate::proxy::{KEY_ID, NOW_STAMP, Proxy, SESSION_TOKEN, Setup};

/// The SHA-256 of empty input.
const EMPTY_SHA256: &str = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855";

#[tokio::test]
async fn a_get_request_is_signed_and_answered() {
    let domain = Domain::answering(|_| Step::ok(r#"{"status":"green"}"#)).await;
    let proxy = Proxy::for_domain(&domain).await;
    let answer = proxy.get("GET /_cluster/health?pretty").await;
    assert_eq!(answer.status(), 200);
    assert_eq!(answer.body, r#"{"status":"green"}"#);
    assert_eq!(answer.header("content-type"), Some("application/json"));
    let seen = domain.only();
    assert_eq!(seen.request_line(), "GET /_cluster/health?pretty HTTP/1.1");
    assert_eq!(seen.header("host"), Some(HOST));
    assert_eq!(seen.header("x-amz-date"), Some(NOW_STAMP));
    assert_eq!(seen.header("x-amz-security-token"), Some(SESSION_TOKEN));
    assert_eq!(seen.header("x-amz-content-sha256"), Some(EMPTY_SHA256));
    let authorization = seen.header("authorization").unwrap();
    let expected = format!(
        "AWS4-HMAC-SHA256 Credential={KEY_ID}/20270115/eu-central-1/es/aws4_request, \
         SignedHeaders=host;x-amz-content-sha256;x-amz-date;x-amz-security-token, Signature="
    );
    assert!(authorization.starts_with(&expected), "{authorization}");
    assert_eq!(seen.header("content-length"), None);
    proxy.end().await;
}

#[tokio::test]
async fn a_body_is_hashed_and_its_content_type_is_signed() {
    let domain = Domain::start().await;
    let proxy = Proxy::for_domain(&domain).await;
    proxy.post("POST /_bulk", b"hello\n").await;
    let seen = domain.only();
    assert_eq!(seen.body, b"hello\n");
    assert_eq!(seen.header("content-length"), Some("6"));
    // `printf 'hello\n' | sha256sum`
    let hash = "5891b5b522d5df086d0ff0b110fbd9d21bb4fc7163af34d08286a2e846f6be03";
    assert_eq!(seen.header("x-amz-content-sha256"), Some(hash));
    let authorization = seen.header("authorization").unwrap();
    assert!(
        authorization.contains("SignedHeaders=content-type;host;"),
        "{authorization}"
    );
}

#[tokio::test]
async fn a_collection_is_signed_for_its_own_service_and_port() {
    let domain = Domain::start().await;
    let mut setup = Setup::for_address(domain.address, &domain.authority);
    setup.service = SigningService::Aoss;
    setup.sign_port = 8443;
    let proxy = setup.start().await;
    proxy.get("GET /").await;
    let seen = domain.only();
    assert_eq!(seen.header("host"), Some(&*format!("{HOST}:8443")));
    assert!(
        seen.header("authorization")
            .unwrap()
            .contains("/aoss/aws4_request")
    );
}

#[tokio::test]
async fn targets_arrive_byte_for_byte() {
    let targets = [
        "/",
        "/?",
        "//",
        "//a//b/",
        "/a/./b/../c",
        "/a%2Fb%2fc",
        "/zeebe-record_*",
        "/_plugins/_ism/add/zeebe-record_*",
        "/a,b/_search",
        "/a%2Cb/_search",
        "/orders/_doc/x+y@z!:~'()",
        "/orders/_doc/%E2%82%AC%25%20",
        "/o/_search?q=a+b&q=%2B&empty&e=&x=a%3Db==&ignore=/:@?!$'()*,;",
        "/o/_search?size=1&%zz",
        "/_cat/indices?h=a|b^{c}`",
    ];
    let domain = Domain::start().await;
    let proxy = Proxy::for_domain(&domain).await;
    for target in targets {
        assert_eq!(
            proxy.get(&format!("GET {target}")).await.status(),
            200,
            "{target}"
        );
    }
    let lines = domain.seen();
    let seen: Vec<_> = lines
        .iter()
        .map(crate::domain::Seen::request_line)
        .collect();
    assert_eq!(seen, targets.map(|target| format!("GET {target} HTTP/1.1")));
}

#[tokio::test]
async fn each_character_of_a_target_is_forwarded_or_rejected() {
    let domain = Domain::start().await;
    let proxy = Proxy::for_domain(&domain).await;
    let mut refused = String::new();
    let characters = (0x21..0x7f).map(char::from).chain(['\u{e9}', '\u{20ac}']);
    for character in characters.filter(|character| *character != '#') {
        for target in [format!("/a{character}b"), format!("/?a{character}b")] {
            match proxy.get(&format!("GET {target}")).await.status() {
                200 => {
                    let seen = domain.seen().pop().unwrap();
                    assert_eq!(seen.request_line(), format!("GET {target} HTTP/1.1"));
                }
                400 => refused.push_str(&target),
                other => panic!("{other} for {target}"),
            }
        }
    }
    // Characters that RFC 3986 does not allow, and that clients encode.
    assert_eq!(refused, "/?a\"b/a<b/?a<b/a>b/?a>b/a`b");
}

#[tokio::test]
async fn an_absolute_target_becomes_a_path() {
    let domain = Domain::start().await;
    let proxy = Proxy::for_domain(&domain).await;
    proxy.get("GET http://localhost:9200/a%2Fb?x=*").await;
    proxy.get(&format!("GET http://{HOST}")).await;
    let lines: Vec<_> = domain
        .seen()
        .iter()
        .map(|seen| seen.request_line().to_owned())
        .collect();
    assert_eq!(lines, ["GET /a%2Fb?x=* HTTP/1.1", "GET / HTTP/1.1"]);
}

#[tokio::test]
async fn every_method_works_with_and_without_a_body() {
    let domain = Domain::start().await;
    let proxy = Proxy::for_domain(&domain).await;
    for method in ["GET", "DELETE", "PUT", "POST", "PATCH", "OPTIONS"] {
        proxy
            .post(&format!("{method} /_search/scroll"), b"{}")
            .await;
        proxy.get(&format!("{method} /_search/scroll")).await;
    }
    let seen = domain.seen();
    for (index, pair) in seen.chunks(2).enumerate() {
        let [with, without] = pair else {
            panic!("two requests for each method")
        };
        assert_eq!(
            (with.body.as_slice(), with.header("content-length")),
            (&b"{}"[..], Some("2"))
        );
        let is_write = (2..=4).contains(&index);
        let length = is_write.then_some("0");
        assert_eq!(without.header("content-length"), length, "{}", without.head);
    }
}

#[tokio::test]
async fn a_head_request_is_answered_with_a_length_and_no_body() {
    let head = b"HTTP/1.1 200 OK\r\ncontent-length: 1234\r\nx-a: b\r\n\r\n".to_vec();
    let domain = Domain::answering(move |_| Step::Answer(head.clone())).await;
    let proxy = Proxy::for_domain(&domain).await;
    let mut client = proxy.connect().await;
    for _ in 0..2 {
        client
            .send("HEAD /orders HTTP/1.1\r\nhost: localhost\r\n\r\n")
            .await;
        let answer = client.answer_to("HEAD").await;
        assert_eq!(
            (answer.status(), answer.header("content-length")),
            (200, Some("1234"))
        );
    }
}

#[tokio::test]
async fn large_headers_are_forwarded() {
    let domain = Domain::start().await;
    let proxy = Proxy::for_domain(&domain).await;
    let mut request = "GET / HTTP/1.1\r\nhost: localhost\r\n".to_owned();
    for number in 0..50 {
        write!(request, "x-{number}: {}\r\n", "v".repeat(1_000)).unwrap();
    }
    assert_eq!(proxy.ask(request + "\r\n").await.status(), 200);
    assert_eq!(domain.only().header("x-49").unwrap().len(), 1_000);
}

#[tokio::test]
async fn connections_are_reused_on_both_sides() {
    let domain = Domain::start().await;
    let proxy = Proxy::for_domain(&domain).await;
    let mut client = proxy.connect().await;
    for _ in 0..3 {
        client
            .ask("GET / HTTP/1.1\r\nhost: localhost\r\n\r\n")
            .await;
    }
    assert_eq!((domain.seen().len(), domain.connections()), (3, 1));
    assert_eq!(proxy.metric("opensearch_upstream_connections_total"), 1);
}

#[tokio::test]
async fn requests_are_counted_by_route_and_not_by_path() {
    let domain = Domain::answering(|_| Step::json(404, "{}")).await;
    let proxy = Proxy::for_domain(&domain).await;
    proxy.get("GET /secret-index/_doc/secret-id").await;
    proxy.get("BREW /_secret").await;
    let until = |metric: &'static str| proxy.until(metric, 1);
    let upstream = format!("{{upstream=\"{HOST}\",method=");
    let name = "opensearch_requests_total";
    let doc = format!("{name}{upstream}\"GET\",route=\"_doc\",status=\"4xx\"");
    let other = format!("{name}{upstream}\"other\",route=\"other\",status=\"4xx\"");
    until(doc.leak()).await;
    until(other.leak()).await;
    assert!(!proxy.metrics().contains("secret"), "{}", proxy.metrics());
}
