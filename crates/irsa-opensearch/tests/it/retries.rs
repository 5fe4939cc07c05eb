//! Retries of requests where that is safe.

use std::time::{Duration, UNIX_EPOCH};

use irsa_identity::ManualClock;

use crate::domain::{Domain, HOST, Step};
use crate::proxy::{NOW, Proxy, Setup};

#[tokio::test]
async fn reads_are_retried_with_a_new_signature() {
    let clock = ManualClock::new(UNIX_EPOCH + Duration::from_secs(NOW));
    let time = clock.clone();
    let domain = Domain::answering(move |number| {
        time.advance(Duration::from_secs(1));
        Step::json(if number == 0 { 503 } else { 200 }, r#"{"a":1}"#)
    })
    .await;
    let mut setup = Setup::for_address(domain.address, &domain.authority);
    setup.clock = clock;
    let proxy = setup.start().await;
    let answer = proxy.post("POST /orders/_search", b"{}").await;
    assert_eq!(answer.status(), 200);
    let seen = domain.seen();
    assert_eq!(seen.len(), 2);
    assert_eq!(seen[0].body, seen[1].body);
    let dates: Vec<_> = seen
        .iter()
        .map(|seen| seen.header("x-amz-date").unwrap())
        .collect();
    assert_eq!(dates, ["20270115T080000Z", "20270115T080001Z"]);
    assert_ne!(
        seen[0].header("authorization"),
        seen[1].header("authorization")
    );
    let retries = format!("opensearch_retries_total{{upstream=\"{HOST}\",reason=\"503\"");
    assert_eq!(proxy.metric(&retries), 1);
    proxy.end().await;
}

#[tokio::test]
async fn after_three_attempts_the_response_is_forwarded() {
    let domain = Domain::answering(|_| Step::json(429, r#"{"a":1}"#)).await;
    let proxy = Proxy::for_domain(&domain).await;
    let answer = proxy.get("GET /orders").await;
    assert_eq!((answer.status(), &*answer.body), (429, &br#"{"a":1}"#[..]));
    assert_eq!(domain.seen().len(), 3);
}

#[tokio::test]
async fn writes_are_not_retried() {
    for line in [
        "POST /_bulk",
        "PUT /orders/_doc/1",
        "DELETE /orders",
        "GET /_search/scroll",
    ] {
        let domain = Domain::answering(|_| Step::json(503, "{}")).await;
        let proxy = Proxy::for_domain(&domain).await;
        assert_eq!(proxy.post(line, b"{}").await.status(), 503, "{line}");
        assert_eq!(domain.seen().len(), 1, "{line}");
    }
}

#[tokio::test]
async fn a_long_retry_after_is_left_to_the_client() {
    let domain = Domain::answering(|_| Step::with_headers(503, "retry-after: 120\r\n", "{}")).await;
    let proxy = Proxy::for_domain(&domain).await;
    let answer = proxy.get("GET /").await;
    assert_eq!(
        (answer.status(), answer.header("retry-after")),
        (503, Some("120"))
    );
    assert_eq!(domain.seen().len(), 1);
}

#[tokio::test]
async fn a_read_on_a_lost_connection_is_retried() {
    let script = |number| {
        if number == 0 {
            Step::Close
        } else {
            Step::ok("{}")
        }
    };
    let domain = Domain::answering(script).await;
    let proxy = Proxy::for_domain(&domain).await;
    assert_eq!(proxy.get("GET /orders/_doc/1").await.status(), 200);
    assert_eq!((domain.seen().len(), domain.connections()), (2, 2));
}

#[tokio::test]
async fn a_write_on_a_lost_connection_fails() {
    for step in [Step::Close, Step::CloseAfterHead] {
        let script = move |number| {
            if number == 0 {
                step.clone()
            } else {
                Step::ok("{}")
            }
        };
        let domain = Domain::answering(script).await;
        let proxy = Proxy::for_domain(&domain).await;
        let answer = proxy.post("POST /_bulk", &vec![b'x'; 3_000_000]).await;
        assert_eq!(answer.status(), 502);
        assert_eq!(answer.json()["error"]["cause"], "endpoint-failed");
        assert_eq!(domain.seen().len(), 1);
        assert_eq!(proxy.post("POST /_bulk", b"{}").await.status(), 200);
        proxy.end().await;
    }
}
