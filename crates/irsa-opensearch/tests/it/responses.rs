//! Responses are streamed, and an interrupted one is never reported as complete.

use std::sync::Arc;

use irsa_testing::Log;
use tokio::sync::Notify;

use crate::domain::{Domain, Step};
use crate::proxy::Proxy;

#[tokio::test]
async fn a_response_is_streamed() {
    let go_on = Arc::new(Notify::new());
    let signal = Arc::clone(&go_on);
    let domain = Domain::answering(move |_| {
        let head = b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n5\r\nhello\r\n".to_vec();
        Step::Pause(head, Arc::clone(&signal), b"1\r\n!\r\n0\r\n\r\n".to_vec())
    })
    .await;
    let proxy = Proxy::for_domain(&domain).await;
    let mut client = proxy.connect().await;
    client
        .send("GET / HTTP/1.1\r\nhost: localhost\r\n\r\n")
        .await;
    client.read_head().await.unwrap();
    let mut chunk = [0; 10];
    tokio::io::AsyncReadExt::read_exact(&mut client.0, &mut chunk)
        .await
        .unwrap();
    assert_eq!(&chunk, b"5\r\nhello\r\n");
    go_on.notify_one();
    let mut rest = [0; 11];
    tokio::io::AsyncReadExt::read_exact(&mut client.0, &mut rest)
        .await
        .unwrap();
    assert_eq!(&rest, b"1\r\n!\r\n0\r\n\r\n");
    proxy.end().await;
}

#[tokio::test]
async fn an_interrupted_response_closes_the_clients_connection() {
    for head in [
        "content-length: 10\r\n\r\nhalf",
        "transfer-encoding: chunked\r\n\r\n4\r\nhalf\r\n",
    ] {
        let domain = Domain::answering(move |_| {
            Step::AnswerAndClose(format!("HTTP/1.1 200 OK\r\n{head}").into_bytes())
        })
        .await;
        let proxy = Proxy::for_domain(&domain).await;
        let mut client = proxy.connect().await;
        client
            .send("GET / HTTP/1.1\r\nhost: localhost\r\n\r\n")
            .await;
        assert!(client.read_answer("GET").await.is_none());
        assert_eq!(domain.seen().len(), 1, "the client has had some of it");
        proxy.end().await;
    }
}

#[tokio::test]
async fn an_interrupted_rejection_closes_the_clients_connection() {
    let half = b"HTTP/1.1 403 Forbidden\r\ncontent-length: 10\r\n\r\nhalf".to_vec();
    let domain = Domain::answering(move |_| Step::AnswerAndClose(half.clone())).await;
    let proxy = Proxy::for_domain(&domain).await;
    let mut client = proxy.connect().await;
    client
        .send("GET / HTTP/1.1\r\nhost: localhost\r\n\r\n")
        .await;
    assert!(client.read_answer("GET").await.is_none());
    proxy.end().await;
}

#[tokio::test]
async fn only_one_of_many_interrupted_responses_is_logged() {
    let (log, _guard) = Log::capture();
    let half = b"HTTP/1.1 200 OK\r\ncontent-length: 10\r\n\r\nhalf".to_vec();
    let domain = Domain::answering(move |_| Step::AnswerAndClose(half.clone())).await;
    let proxy = Proxy::for_domain(&domain).await;
    for _ in 0..3 {
        let mut client = proxy.connect().await;
        client
            .send("GET / HTTP/1.1\r\nhost: localhost\r\n\r\n")
            .await;
        assert!(client.read_answer("GET").await.is_none());
    }
    let text = log.text();
    let lines = text.matches("the domain closed the connection before the end of a response");
    assert_eq!(lines.count(), 1, "{text}");
    proxy.end().await;
}

#[tokio::test]
async fn trailers_are_forwarded_to_clients_that_accept_them() {
    let answer = b"HTTP/1.1 200 OK\r\ntrailer: x-sum\r\ntransfer-encoding: chunked\r\n\r\n\
        2\r\n{}\r\n0\r\nx-sum: 42\r\n\r\n";
    let domain = Domain::answering(|_| Step::Answer(answer.to_vec())).await;
    let proxy = Proxy::for_domain(&domain).await;
    let request = "GET / HTTP/1.1\r\nhost: localhost\r\nte: trailers\r\nconnection: te\r\n\r\n";
    let answer = proxy.ask(request).await;
    assert_eq!(
        (&*answer.body, &*answer.trailers),
        (&b"{}"[..], "x-sum: 42\n")
    );
    assert_eq!(proxy.get("GET /").await.trailers, "");
}

#[tokio::test]
async fn responses_without_a_body_have_none() {
    for (status, line) in [(204, "DELETE /a"), (304, "GET /a")] {
        let head = format!("HTTP/1.1 {status} Status\r\netag: \"1\"\r\n\r\n").into_bytes();
        let domain = Domain::answering(move |_| Step::Answer(head.clone())).await;
        let proxy = Proxy::for_domain(&domain).await;
        let mut client = proxy.connect().await;
        for _ in 0..2 {
            let answer = client
                .ask(format!("{line} HTTP/1.1\r\nhost: localhost\r\n\r\n"))
                .await;
            assert_eq!(
                (answer.status(), answer.header("etag")),
                (status, Some("\"1\""))
            );
        }
    }
}

#[tokio::test]
async fn a_large_response_is_not_buffered() {
    const SIZE: usize = 30_000_000;
    let body = "x".repeat(SIZE);
    let domain = Domain::answering(move |_| Step::ok(&body)).await;
    let proxy = Proxy::for_domain(&domain).await;
    let mut client = proxy.connect().await;
    client
        .send("GET / HTTP/1.1\r\nhost: localhost\r\n\r\n")
        .await;
    client.read_head().await.unwrap();
    // The client reads again only after the proxy can send no more.
    let mut sent = (0, 0);
    while sent.1 < 1_000 {
        let now = proxy.metric("opensearch_forwarded_bytes_total");
        sent = if now == sent.0 {
            (now, sent.1 + 1)
        } else {
            (now, 0)
        };
        tokio::task::yield_now().await;
    }
    assert!(sent.0 < SIZE as u64, "{sent:?}");
    let mut rest = vec![0; SIZE];
    tokio::io::AsyncReadExt::read_exact(&mut client.0, &mut rest)
        .await
        .unwrap();
    assert_eq!(
        proxy.metric("opensearch_forwarded_bytes_total"),
        SIZE as u64
    );
}

#[tokio::test]
async fn chunks_with_a_length_are_forwarded_completely() {
    for length in [1, 5, 100] {
        let answer = format!(
            "HTTP/1.1 200 OK\r\ncontent-length: {length}\r\ntransfer-encoding: chunked\r\n\r\n\
             5\r\nhello\r\n0\r\n\r\n"
        );
        let domain = Domain::answering(move |_| Step::Answer(answer.clone().into_bytes())).await;
        let proxy = Proxy::for_domain(&domain).await;
        for connections in 1..3 {
            let answer = proxy.get("GET /").await;
            assert_eq!(answer.header("content-length"), None, "{length}");
            assert_eq!((answer.status(), &*answer.body), (200, &b"hello"[..]));
            assert_eq!(
                domain.connections(),
                connections,
                "framed twice: not used again"
            );
        }
        proxy.end().await;
    }
}
