//! Rejections by the domain are forwarded unchanged, and classified in the metrics.

use std::io::Write;

use flate2::Compression;
use flate2::write::GzEncoder;
use irsa_testing::Log;

use crate::domain::{Domain, HOST, Step};
use crate::proxy::Proxy;

const NOT_GRANTED: &str = r#"{"error":{"root_cause":[{"type":"security_exception","reason":"no permissions for [indices:data/write/bulk] and User [name=arn:aws:iam::123456789012:role/orders]"}],"type":"security_exception","reason":"no permissions for [indices:data/write/bulk]"},"status":403}"#;
const NOT_ALLOWED: &str = r#"{"Message":"User: arn:aws:sts::123456789012:assumed-role/orders/s is not authorized to perform: es:ESHttpPost because no identity-based policy allows the es:ESHttpPost action"}"#;
const TOO_LARGE: &str = r#"{"Message":"Request size exceeded 10485760 bytes"}"#;

#[tokio::test]
async fn each_rejection_is_forwarded_and_counted_by_link_and_cause() {
    for (status, body, link, cause) in [
        (403, NOT_GRANTED, "grant", "fgac-not-granted"),
        (403, NOT_ALLOWED, "permissions", "es-http-not-allowed"),
        (413, TOO_LARGE, "endpoint", "request-too-large"),
        (
            429,
            "429 Too Many Requests /_bulk",
            "endpoint",
            "endpoint-throttled",
        ),
    ] {
        let (log, _guard) = Log::capture();
        let domain = Domain::answering(move |_| Step::json(status, body)).await;
        let proxy = Proxy::for_domain(&domain).await;
        let answer = proxy.post("POST /_bulk", b"{}\n").await;
        assert_eq!((answer.status(), &*answer.body), (status, body.as_bytes()));
        let refusals = format!(
            "opensearch_refusals_total{{upstream=\"{HOST}\",link=\"{link}\",cause=\"{cause}\""
        );
        assert_eq!(proxy.metric(&refusals), 1, "{}", proxy.metrics());
        assert!(log.text().contains(cause), "{}", log.text());
        assert_eq!(domain.seen().len(), 1);
    }
}

#[tokio::test]
async fn a_compressed_rejection_is_counted_and_stays_compressed() {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::default());
    encoder.write_all(NOT_GRANTED.as_bytes()).unwrap();
    let packed = encoder.finish().unwrap();
    let length = packed.len();
    let head = format!(
        "HTTP/1.1 403 Forbidden\r\ncontent-encoding: gzip\r\ncontent-length: {length}\r\n\r\n"
    );
    let whole = [head.as_bytes(), &packed].concat();
    let domain = Domain::answering(move |_| Step::Answer(whole.clone())).await;
    let proxy = Proxy::for_domain(&domain).await;
    let request = "GET / HTTP/1.1\r\nhost: localhost\r\naccept-encoding: gzip\r\n\r\n";
    let answer = proxy.ask(request).await;
    assert_eq!(answer.header("content-encoding"), Some("gzip"));
    assert_eq!(answer.body, packed);
    let refusals = format!(
        "opensearch_refusals_total{{upstream=\"{HOST}\",link=\"grant\",cause=\"fgac-not-granted\""
    );
    assert_eq!(proxy.metric(&refusals), 1, "{}", proxy.metrics());
    proxy.end().await;
}

#[tokio::test]
async fn a_rejection_of_any_length_is_forwarded_completely() {
    let body = format!(r#"{{"error":{{"reason":"{}"}}}}"#, "r".repeat(300_000));
    let answer = body.clone();
    let domain = Domain::answering(move |_| Step::json(403, &answer)).await;
    let proxy = Proxy::for_domain(&domain).await;
    assert!(proxy.get("GET /").await.body == body);
    proxy.end().await;
}

#[tokio::test]
async fn errors_of_the_application_are_not_counted() {
    let body =
        r#"{"error":{"type":"index_not_found_exception","reason":"no such index"},"status":404}"#;
    let domain = Domain::answering(move |_| Step::json(404, body)).await;
    let proxy = Proxy::for_domain(&domain).await;
    assert_eq!(proxy.get("GET /none").await.body, body);
    assert_eq!(proxy.metric("opensearch_refusals_total"), 0);
}

#[tokio::test]
async fn many_rejections_are_one_log_record() {
    let (log, _guard) = Log::capture();
    let domain = Domain::answering(|_| Step::json(403, NOT_GRANTED)).await;
    let proxy = Proxy::for_domain(&domain).await;
    for _ in 0..20 {
        proxy.get("GET /").await;
    }
    assert_eq!(
        log.text().matches("the domain rejected a request").count(),
        1
    );
    assert_eq!(proxy.metric("opensearch_refusals_total"), 20);
}

#[tokio::test]
async fn a_rejection_before_the_end_of_the_body_is_forwarded() {
    let answer = format!(
        "HTTP/1.1 413 Status\r\ncontent-length: {}\r\n\r\n{TOO_LARGE}",
        TOO_LARGE.len()
    );
    let domain = Domain::answering(move |_| Step::AnswerEarly(answer.clone().into())).await;
    let proxy = Proxy::for_domain(&domain).await;
    for _ in 0..2 {
        let answer = proxy.post("POST /_bulk", &vec![b'x'; 11_000_000]).await;
        assert_eq!(
            (answer.status(), &*answer.body),
            (413, TOO_LARGE.as_bytes())
        );
    }
    // The rest of the bodies is still sent.
    proxy.until("opensearch_bodies_memory_bytes", 0).await;
    proxy.end().await;
}
