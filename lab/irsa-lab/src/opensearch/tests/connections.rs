//! The connections to the real server, on raw sockets.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use http::uri::{Authority, PathAndQuery};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::time::timeout;

use super::super::backend::Backend;

/// Responds to the first request with 400 and ignores its connection from then on; responds to the others with a
/// warning for each of 150 fields.
async fn serve(mut stream: TcpStream, requests: Arc<AtomicUsize>) {
    let mut head = Vec::new();
    while let Ok(byte) = stream.read_u8().await {
        head.push(byte);
        if !head.ends_with(b"\r\n\r\n") {
            continue;
        }
        head.clear();
        if requests.fetch_add(1, Ordering::Relaxed) == 0 {
            let refusal = b"HTTP/1.1 400 Bad Request\r\ncontent-length: 2\r\n\r\n{}";
            stream.write_all(refusal).await.unwrap();
            tokio::io::copy(&mut stream, &mut tokio::io::sink())
                .await
                .unwrap();
            return;
        }
        let warnings = "warning: 299 OpenSearch-2.19.0 \"deprecated\"\r\n".repeat(150);
        let answer = format!("HTTP/1.1 200 OK\r\n{warnings}content-length: 2\r\n\r\n{{}}");
        stream.write_all(answer.as_bytes()).await.unwrap();
    }
}

#[tokio::test]
async fn a_connection_that_may_be_dead_is_not_reused_and_many_warnings_pass() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let authority: Authority = listener.local_addr().unwrap().to_string().parse().unwrap();
    tokio::spawn(async move {
        let requests = Arc::new(AtomicUsize::new(0));
        while let Ok((stream, _)) = listener.accept().await {
            tokio::spawn(serve(stream, Arc::clone(&requests)));
        }
    });
    let backend = Backend::new(authority, false);
    for status in [400, 200, 200] {
        let request = backend.request(PathAndQuery::from_static("/"), "".into());
        let answer = backend.send(request.unwrap());
        let answer = timeout(Duration::from_secs(20), answer).await;
        let answer = answer.expect("a response").unwrap();
        assert_eq!(answer.status(), status);
        http_body_util::BodyExt::collect(answer.into_body())
            .await
            .unwrap();
    }
}
