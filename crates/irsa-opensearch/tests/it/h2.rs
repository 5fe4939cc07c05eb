//! A domain over HTTP/2.

use std::sync::Mutex;

use bytes::Bytes;
use http::{HeaderMap, HeaderValue, Response, StatusCode};
use hyper::body::Frame;
use tokio::sync::oneshot;

use crate::client::within;
use crate::domain::HOST;
use crate::h2_domain::{Frames, H2Domain, rejecting_the_first};
use crate::proxy::{Proxy, Setup};

async fn proxy_for(domain: &H2Domain) -> Proxy {
    Setup::for_address(domain.address, &domain.authority)
        .start()
        .await
}

#[tokio::test]
async fn the_authority_is_the_host_that_is_signed() {
    let domain = H2Domain::answering(|_| Response::new(Frames::data("{}"))).await;
    let proxy = proxy_for(&domain).await;
    let answer = proxy.post("POST /a%2Fb/_search?x=*", b"{}").await;
    assert_eq!((answer.status(), &*answer.body), (200, &b"{}"[..]));
    let (parts, body) = domain.seen().remove(0);
    assert_eq!(parts.uri.authority().unwrap().as_str(), HOST);
    assert_eq!(
        parts.uri.path_and_query().unwrap().as_str(),
        "/a%2Fb/_search?x=*"
    );
    assert_eq!(parts.headers.get("content-length").unwrap(), "2");
    assert!(!parts.headers.contains_key("host"), "one name is enough");
    let authorization = parts
        .headers
        .get("authorization")
        .unwrap()
        .to_str()
        .unwrap();
    assert!(
        authorization.contains("SignedHeaders=content-type;host;x-amz-"),
        "{authorization}"
    );
    assert_eq!(body, "{}");
    proxy.end().await;
}

#[tokio::test]
async fn requests_share_a_connection() {
    let domain = H2Domain::answering(|_| Response::new(Frames::data("{}"))).await;
    let proxy = std::sync::Arc::new(proxy_for(&domain).await);
    proxy.get("GET /").await;
    let mut clients = tokio::task::JoinSet::new();
    for _ in 0..20 {
        let proxy = std::sync::Arc::clone(&proxy);
        clients.spawn(async move { proxy.get("GET /").await.status() });
    }
    assert_eq!(clients.join_all().await, vec![200; 20]);
    assert_eq!(domain.connections(), 1);
}

#[tokio::test]
async fn a_connection_is_not_reused_after_a_response_that_may_leave_it_dead() {
    for (status, connections) in [(400, 2), (413, 2), (414, 2), (431, 2), (404, 1)] {
        let domain = H2Domain::answering(move |number| {
            let mut response = Response::new(Frames::data("{}"));
            if number == 0 {
                *response.status_mut() = StatusCode::from_u16(status).unwrap();
            }
            response
        })
        .await;
        let proxy = proxy_for(&domain).await;
        assert_eq!(proxy.post("POST /a", b"{}").await.status(), status);
        assert_eq!(proxy.post("POST /a", b"{}").await.status(), 200);
        assert_eq!(domain.connections(), connections, "{status}");
        proxy.end().await;
    }
}

#[tokio::test]
async fn a_retired_connection_still_answers_the_requests_on_it() {
    let (go_on, paused) = oneshot::channel();
    let paused = Mutex::new(Some(paused));
    let domain = H2Domain::answering(move |_| {
        if let Some(paused) = paused.lock().unwrap().take() {
            return Response::new(Frames::data("slow").failing(paused));
        }
        let mut response = Response::new(Frames::data("{}"));
        *response.status_mut() = StatusCode::BAD_REQUEST;
        response
    })
    .await;
    let proxy = proxy_for(&domain).await;
    let mut slow = proxy.connect().await;
    slow.send("GET /a HTTP/1.1\r\nhost: localhost\r\n\r\n")
        .await;
    let slow = tokio::spawn(async move { slow.answer().await });
    let arrived = async {
        while domain.seen().is_empty() {
            tokio::task::yield_now().await;
        }
    };
    within("the slow request", arrived).await;
    for connections in [1, 2] {
        assert_eq!(proxy.post("POST /a", b"{}").await.status(), 400);
        assert_eq!(domain.connections(), connections);
    }
    drop(go_on);
    assert_eq!(slow.await.unwrap().body, "slow");
    proxy.end().await;
}

#[tokio::test]
async fn a_large_body_arrives_whole() {
    let domain = H2Domain::answering(|_| Response::new(Frames::data("{}"))).await;
    let proxy = proxy_for(&domain).await;
    let body = vec![b'x'; 5_000_000];
    assert_eq!(proxy.post("POST /_bulk", &body).await.status(), 200);
    assert!(domain.seen().remove(0).1 == body);
    proxy.end().await;
}

#[tokio::test]
async fn trailers_are_forwarded() {
    let domain = H2Domain::answering(|_| {
        let trailers = HeaderMap::from_iter([(
            http::HeaderName::from_static("x-sum"),
            HeaderValue::from_static("42"),
        )]);
        let data = Frame::data(Bytes::from_static(b"{}"));
        let mut response = Response::new(Frames::new([data, Frame::trailers(trailers)]));
        let names = HeaderValue::from_static("x-sum");
        response.headers_mut().insert("trailer", names);
        response
    })
    .await;
    let proxy = proxy_for(&domain).await;
    let request = "GET / HTTP/1.1\r\nhost: localhost\r\nte: trailers\r\nconnection: te\r\n\r\n";
    let answer = proxy.ask(request).await;
    assert_eq!(
        (&*answer.body, &*answer.trailers),
        (&b"{}"[..], "x-sum: 42\n")
    );
}

#[tokio::test]
async fn a_reset_response_is_not_reported_as_complete() {
    let (fail, when) = oneshot::channel();
    let when = Mutex::new(Some(when));
    let domain = H2Domain::answering(move |_| {
        let half = Frames::data("half");
        Response::new(match when.lock().unwrap().take() {
            Some(when) => half.failing(when),
            None => half,
        })
    })
    .await;
    let proxy = proxy_for(&domain).await;
    let mut client = proxy.connect().await;
    client
        .send("PUT /a HTTP/1.1\r\nhost: localhost\r\n\r\n")
        .await;
    client.read_head().await.unwrap();
    fail.send(()).unwrap();
    assert!(!client.rest().await.ends_with("0\r\n\r\n"));
    assert_eq!(proxy.get("PUT /a").await.body, "half");
    proxy.end().await;
}

#[tokio::test]
async fn a_write_whose_stream_is_refused_is_retried() {
    let (address, authority) = rejecting_the_first().await;
    let proxy = Setup::for_address(address, &authority).start().await;
    assert_eq!(proxy.post("POST /_bulk", b"{}\n").await.status(), 200);
    let retries = format!("opensearch_retries_total{{upstream=\"{HOST}\",reason=\"untaken\"");
    assert_eq!(proxy.metric(&retries), 1);
    proxy.end().await;
}

#[tokio::test]
async fn a_head_request_is_answered_with_a_length_and_no_body() {
    let domain = H2Domain::answering(|_| {
        let mut response = Response::new(Frames::new([]));
        let length = HeaderValue::from_static("1234");
        response.headers_mut().insert("content-length", length);
        response
    })
    .await;
    let proxy = proxy_for(&domain).await;
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
