//! More bodies than there is space for.

use std::sync::Arc;
use std::time::Duration;

use tokio::net::TcpStream;

use crate::client::{Answer, Client, within};
use crate::domain::Domain;
use crate::proxy::{Proxy, SHORT, Setup};

async fn proxy_with(domain: &Domain, memory: u64, files: u64, wait: Duration) -> Proxy {
    let mut setup = Setup::for_address(domain.address, &domain.authority);
    setup.bodies.memory = memory;
    setup.bodies.spill_limit = files;
    setup.bodies.wait = wait;
    setup.start().await
}

fn stated(length: usize) -> String {
    format!("POST /_bulk HTTP/1.1\r\nhost: localhost\r\ncontent-length: {length}\r\n")
}

/// Returns a client that has sent half of a body of this length.
async fn half_sent(proxy: &Proxy, length: usize) -> Client<TcpStream> {
    let mut client = proxy.connect().await;
    let head = stated(length);
    let half = "x".repeat(length / 2);
    client.send(format!("{head}\r\n{half}")).await;
    let reserved = async {
        while proxy.bodies.memory_in_use() + proxy.bodies.spilled() < length as u64 {
            tokio::task::yield_now().await;
        }
    };
    within("the whole of the body's space", reserved).await;
    client
}

fn assert_retryable(answer: &Answer) {
    assert_eq!(answer.status(), 503, "{}", answer.head);
    assert_eq!(answer.header("retry-after"), Some("1"));
    assert_eq!(
        answer.json()["error"]["type"],
        "irsa_buffers_full_exception"
    );
}

#[tokio::test]
async fn sixty_four_bodies_of_more_than_half_the_budget_all_complete() {
    const SIZE: usize = 600_000;
    let domain = Domain::start().await;
    let wait = Duration::from_mins(1);
    let proxy = Arc::new(proxy_with(&domain, 1_000_000, 1_000_000, wait).await);
    let mut clients = tokio::task::JoinSet::new();
    for number in 0..64 {
        let proxy = Arc::clone(&proxy);
        clients.spawn(async move {
            let body = "x".repeat(SIZE);
            if number % 2 == 0 {
                let answer = proxy.post("POST /_bulk", body.as_bytes()).await;
                assert_eq!(answer.status(), 200, "it waits for its turn");
                return;
            }
            let head =
                "POST /_bulk HTTP/1.1\r\nhost: localhost\r\ntransfer-encoding: chunked\r\n\r\n";
            let answer = proxy
                .ask(format!("{head}{SIZE:x}\r\n{body}\r\n0\r\n\r\n"))
                .await;
            if answer.status() != 200 {
                assert_retryable(&answer);
            }
        });
    }
    while let Some(ended) = clients.join_next().await {
        ended.unwrap();
    }
    assert!(domain.seen().iter().all(|seen| seen.body.len() == SIZE));
    Arc::into_inner(proxy).unwrap().end().await;
}

#[tokio::test]
async fn space_for_a_body_of_known_length_is_reserved_before_100_continue() {
    let domain = Domain::start().await;
    let proxy = proxy_with(&domain, 1_000, 0, Duration::from_mins(1)).await;
    let mut first = half_sent(&proxy, 800).await;
    let mut second = proxy.connect().await;
    let head = stated(800);
    second
        .send(format!("{head}expect: 100-continue\r\n\r\n"))
        .await;
    proxy.until("opensearch_bodies_waiting", 1).await;
    assert_eq!(proxy.bodies.memory_in_use(), 800, "waiting holds nothing");
    assert_eq!(first.ask("x".repeat(400)).await.status(), 200);
    assert_eq!(second.answer().await.status(), 100);
    assert_eq!(second.ask("y".repeat(800)).await.status(), 200);
    drop((first, second));
    proxy.end().await;
}

#[tokio::test]
async fn a_body_that_timed_out_waiting_gets_a_retryable_response() {
    let domain = Domain::start().await;
    let proxy = proxy_with(&domain, 1_000, 0, SHORT).await;
    let mut first = half_sent(&proxy, 800).await;
    for expect in ["", "expect: 100-continue\r\n"] {
        let head = stated(800);
        let body = if expect.is_empty() {
            "x".repeat(800)
        } else {
            String::new()
        };
        let answer = proxy.ask(format!("{head}{expect}\r\n{body}")).await;
        assert_retryable(&answer);
        assert_eq!(answer.header("connection"), Some("close"));
    }
    assert_eq!(first.ask("x".repeat(400)).await.status(), 200);
    assert_eq!(domain.seen().len(), 1);
    let rejections = proxy.metric("opensearch_rejections_total");
    assert_eq!(rejections, 2, "{}", proxy.metrics());
    drop(first);
    proxy.end().await;
}

#[tokio::test]
async fn a_chunked_body_that_holds_space_does_not_wait_for_more() {
    let domain = Domain::start().await;
    let proxy = proxy_with(&domain, 40_000, 0, Duration::from_mins(10)).await;
    let mut first = half_sent(&proxy, 20_000).await;
    let head = "POST /_bulk HTTP/1.1\r\nhost: localhost\r\ntransfer-encoding: chunked\r\n\r\n";
    let (small, large) = ("x".repeat(0x4000), "x".repeat(0x6000));
    let fits = format!("{head}4000\r\n{small}\r\n0\r\n\r\n");
    assert_eq!(proxy.ask(fits).await.status(), 200);
    let answer = proxy
        .ask(format!("{head}6000\r\n{large}\r\n0\r\n\r\n"))
        .await;
    assert_retryable(&answer);
    assert_eq!(first.ask("x".repeat(10_000)).await.status(), 200);
    drop(first);
    proxy.end().await;
}

#[tokio::test]
async fn a_growing_chunked_body_moves_to_a_file() {
    let domain = Domain::start().await;
    let proxy = proxy_with(&domain, 40_000, 1_000_000, SHORT).await;
    let head = "POST /_bulk HTTP/1.1\r\nhost: localhost\r\ntransfer-encoding: chunked\r\n\r\n";
    let chunk = "y".repeat(0x4000);
    let body = format!("4000\r\n{chunk}\r\n").repeat(20);
    assert_eq!(
        proxy.ask(format!("{head}{body}0\r\n\r\n")).await.status(),
        200
    );
    assert_eq!(domain.only().body, chunk.repeat(20).as_bytes());
    assert_eq!(proxy.metric("opensearch_bodies_spills_total"), 1);
    proxy.end().await;
}
