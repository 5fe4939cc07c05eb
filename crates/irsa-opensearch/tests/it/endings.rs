//! Shutdown: requests may complete, and the rest are canceled.

use std::sync::Arc;

use tokio::net::TcpStream;
use tokio::sync::Notify;

use crate::client::within;
use crate::domain::{Domain, Step};
use crate::proxy::{Proxy, Setup};

/// Starts a domain that delays its responses.
async fn waiting() -> (Domain, Arc<Notify>) {
    let go_on = Arc::new(Notify::new());
    let signal = Arc::clone(&go_on);
    let answer = b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\n{}".to_vec();
    let script = move |_| Step::Pause(Vec::new(), Arc::clone(&signal), answer.clone());
    (Domain::answering(script).await, go_on)
}

#[tokio::test]
async fn a_drain_lets_requests_complete_and_accepts_no_more() {
    let (domain, go_on) = waiting().await;
    let proxy = Proxy::for_domain(&domain).await;
    let mut idle = proxy.connect().await;
    let mut busy = proxy.connect().await;
    busy.send("GET / HTTP/1.1\r\nhost: localhost\r\n\r\n").await;
    domain.arrival().await;
    proxy.drain.start();
    assert_eq!(idle.rest().await, "");
    go_on.notify_one();
    let answer = busy.answer().await;
    assert_eq!(
        (answer.status(), answer.header("connection")),
        (200, Some("close"))
    );
    assert_eq!(busy.rest().await, "");
    let address = proxy.address();
    proxy.end().await;
    TcpStream::connect(address).await.unwrap_err();
}

#[tokio::test]
async fn a_cut_ends_the_remaining_requests() {
    let (domain, _go_on) = waiting().await;
    let proxy = Proxy::for_domain(&domain).await;
    let mut busy = proxy.connect().await;
    busy.send("POST / HTTP/1.1\r\nhost: localhost\r\ncontent-length: 2\r\n\r\n{}")
        .await;
    domain.arrival().await;
    proxy.drain.start();
    proxy.cut.start();
    assert_eq!(busy.rest().await, "");
    proxy.end().await;
}

#[tokio::test]
async fn a_client_that_disconnects_cancels_its_request() {
    let (domain, _go_on) = waiting().await;
    let proxy = Proxy::for_domain(&domain).await;
    let mut client = proxy.connect().await;
    client
        .send("POST / HTTP/1.1\r\nhost: localhost\r\ncontent-length: 2\r\n\r\n{}")
        .await;
    domain.arrival().await;
    drop(client);
    proxy.until("opensearch_requests_active", 0).await;
    assert!(
        proxy.metrics().contains(r#"status="gone""#),
        "{}",
        proxy.metrics()
    );
    proxy.end().await;
}

#[tokio::test]
async fn at_the_limit_a_new_client_replaces_an_idle_one() {
    let (domain, go_on) = waiting().await;
    let mut setup = Setup::for_address(domain.address, &domain.authority);
    setup.limits.max_connections = 1;
    let proxy = setup.start().await;
    let request = "GET / HTTP/1.1\r\nhost: localhost\r\n\r\n";
    let mut first = proxy.connect().await;
    first.send(request).await;
    domain.arrival().await;
    let mut second = proxy.connect().await;
    second.send(request).await;
    assert_eq!(domain.seen().len(), 1);
    go_on.notify_one();
    first.answer().await;
    // The first connection is idle, so it is closed for the second.
    assert_eq!(first.rest().await, "");
    domain.arrival().await;
    go_on.notify_one();
    assert_eq!(
        within("the second answer", second.answer()).await.status(),
        200
    );
}
