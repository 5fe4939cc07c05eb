//! Responses with large headers, and responses that cannot be forwarded.

use http::{HeaderValue, Response};

use crate::client::Answer;
use crate::domain::{Domain, Step};
use crate::h2_domain::{Frames, H2Domain};
use crate::proxy::{Proxy, Setup};

/// A warning in OpenSearch's format.
const WARNING: &str = "299 OpenSearch-2.19.0-fae7ea4d \"[types removal] this request uses a field that is deprecated\"";

fn with_warnings(count: usize) -> Step {
    Step::with_headers(200, &format!("warning: {WARNING}\r\n").repeat(count), "{}")
}

fn warnings(answer: &Answer) -> usize {
    let lines = answer.head.lines();
    lines
        .filter(|line| line.starts_with("warning: 299"))
        .count()
}

#[tokio::test]
async fn hundreds_of_warnings_are_forwarded() {
    let domain = Domain::answering(|_| with_warnings(900)).await;
    let proxy = Proxy::for_domain(&domain).await;
    let answer = proxy.post("POST /_bulk", b"{}\n").await;
    assert_eq!((answer.status(), warnings(&answer)), (200, 900));
    proxy.end().await;
}

#[tokio::test]
async fn hundreds_of_warnings_are_forwarded_over_http_2() {
    let domain = H2Domain::answering(|_| {
        let mut response = Response::new(Frames::data("{}"));
        for _ in 0..900 {
            let headers = response.headers_mut();
            headers.append("warning", HeaderValue::from_static(WARNING));
        }
        response
    })
    .await;
    let proxy = Setup::for_address(domain.address, &domain.authority)
        .start()
        .await;
    let answer = proxy.post("POST /_bulk", b"{}\n").await;
    assert_eq!((answer.status(), warnings(&answer)), (200, 900));
    proxy.end().await;
}

fn unreadable() -> [Step; 4] {
    let raw = |text: &str| Step::Answer(text.as_bytes().to_vec());
    [
        with_warnings(2_000),
        raw("HTTP/1.1 200 OK\r\ntransfer-encoding: gzip, chunked\r\n\r\n0\r\n\r\n"),
        raw("HTTP/1.1 200 OK\r\ncontent-length: 2\r\ncontent-length: 3\r\n\r\n{}"),
        raw("HTTP/9.1 200 OK\r\ncontent-length: 2\r\n\r\n{}"),
    ]
}

#[tokio::test]
async fn a_write_with_an_unreadable_response_is_not_retried() {
    for step in unreadable() {
        let domain = Domain::answering(move |_| step.clone()).await;
        let proxy = Proxy::for_domain(&domain).await;
        let answer = proxy.post("POST /_bulk", b"{}\n").await;
        let error = &answer.json()["error"];
        assert_eq!(answer.status(), 500, "{error}");
        assert_eq!(error["type"], "irsa_response_unreadable");
        let reason = error["reason"].as_str().unwrap();
        assert!(
            reason.contains("the write may have taken effect"),
            "{reason}"
        );
        assert_eq!(domain.seen().len(), 1);
        let rejections = proxy.metrics();
        assert!(
            rejections.contains(r#"reason="response_unreadable""#),
            "{rejections}"
        );
        proxy.end().await;
    }
}

#[tokio::test]
async fn a_read_with_an_unreadable_response_is_retried_and_then_a_502() {
    for step in unreadable() {
        let first = step.clone();
        let domain = Domain::answering(move |number| {
            if number == 0 {
                first.clone()
            } else {
                Step::ok("{}")
            }
        })
        .await;
        let proxy = Proxy::for_domain(&domain).await;
        assert_eq!(proxy.get("GET /a/_doc/1").await.status(), 200);
        proxy.end().await;

        let domain = Domain::answering(move |_| step.clone()).await;
        let proxy = Proxy::for_domain(&domain).await;
        let answer = proxy.get("GET /a/_doc/1").await;
        assert_eq!(answer.status(), 502);
        assert_eq!(answer.json()["error"]["cause"], "endpoint-failed");
        assert_eq!(domain.seen().len(), 3);
        proxy.end().await;
    }
}
