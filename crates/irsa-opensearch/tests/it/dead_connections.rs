//! Connections that the domain ignores without closing them.

use crate::client::within;
use crate::domain::{Domain, Step};
use crate::proxy::{Proxy, SHORT, Setup};

fn bytes(step: Step) -> Vec<u8> {
    match step {
        Step::Answer(bytes) => bytes,
        other => panic!("{other:?} is no answer"),
    }
}

#[tokio::test]
async fn a_connection_is_not_reused_after_a_response_that_may_leave_it_dead() {
    for status in [400, 413, 414, 431] {
        let script = move |number| match number {
            0 => Step::AnswerAndIgnore(bytes(Step::json(status, r#"{"error": "no"}"#))),
            _ => Step::ok("{}"),
        };
        let domain = Domain::answering(script).await;
        let proxy = Proxy::for_domain(&domain).await;
        assert_eq!(proxy.post("POST /a", b"{}").await.status(), status);
        assert_eq!(proxy.post("POST /a", b"{}").await.status(), 200);
        assert_eq!(domain.connections(), 2, "{status}");
        proxy.end().await;
    }
}

#[tokio::test]
async fn a_connection_is_reused_after_other_responses() {
    for status in [200, 401, 403, 404, 409, 500] {
        let domain = Domain::answering(move |_| Step::json(status, r#"{"error": "no"}"#)).await;
        let proxy = Proxy::for_domain(&domain).await;
        for _ in 0..2 {
            assert_eq!(proxy.post("POST /a", b"{}").await.status(), status);
        }
        assert_eq!(domain.connections(), 1, "{status}");
        proxy.end().await;
    }
}

#[tokio::test]
async fn a_stalled_request_is_counted_once() {
    let script = |number| match number {
        1 => Step::Ignore,
        _ => Step::ok("{}"),
    };
    let domain = Domain::answering(script).await;
    let mut setup = Setup::for_address(domain.address, &domain.authority);
    setup.limits.stall_notice = SHORT;
    let proxy = setup.start().await;
    assert_eq!(proxy.get("GET /a").await.status(), 200);
    let mut waiting = proxy.connect().await;
    waiting
        .send("POST /a/_forcemerge HTTP/1.1\r\nhost: localhost\r\n\r\n")
        .await;
    let arrived = async {
        while domain.seen().len() < 2 {
            tokio::task::yield_now().await;
        }
    };
    within("the request", arrived).await;
    assert_eq!(proxy.get("GET /a").await.status(), 200);
    proxy.until("opensearch_stalled_requests_total", 1).await;
    assert_eq!(
        proxy.metric("opensearch_requests_active"),
        1,
        "it still waits"
    );
    drop(waiting);
    proxy.until("opensearch_requests_active", 0).await;
    proxy.end().await;
}
