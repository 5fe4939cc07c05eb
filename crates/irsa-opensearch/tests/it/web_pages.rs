//! Web pages in a browser on the client's machine.

mod browser;

use irsa_opensearch::Guards;

use crate::domain::{Domain, Step};
use crate::proxy::{Proxy, Setup};

const PAGE: &str = "http://localhost:8080";

async fn with_tool(domain: &Domain) -> Proxy {
    let mut setup = Setup::for_address(domain.address, &domain.authority);
    setup.guards = Guards {
        allow_origins: vec![PAGE.parse().unwrap()],
        ..Guards::default()
    };
    setup.start().await
}

#[tokio::test]
async fn a_request_from_a_foreign_page_does_not_reach_the_domain() {
    let domain = Domain::start().await;
    let proxy = Proxy::for_domain(&domain).await;
    for lines in [
        "origin: https://evil.example",
        "origin: null",
        "sec-fetch-site: cross-site\r\nsec-fetch-mode: no-cors",
        "sec-fetch-site: same-site\r\nsec-fetch-mode: navigate",
    ] {
        let request = format!(
            "POST /orders/_delete_by_query?q=* HTTP/1.1\r\nhost: localhost:9200\r\n{lines}\r\n\
             content-length: 0\r\n\r\n"
        );
        let answer = proxy.ask(request).await;
        assert_eq!(answer.status(), 403, "{lines}");
        assert_eq!(answer.json()["error"]["type"], "irsa_origin_exception");
        assert_eq!(answer.header("access-control-allow-origin"), None);
    }
    assert!(domain.seen().is_empty(), "{:?}", domain.seen());
    let rejections = "opensearch_rejections_total";
    assert_eq!(proxy.metric(rejections), 4);
    proxy.end().await;
}

#[tokio::test]
async fn cors_headers_of_the_domain_are_removed() {
    let open = "access-control-allow-origin: *\r\naccess-control-allow-headers: *\r\n";
    let domain = Domain::answering(move |_| Step::with_headers(200, open, "{}")).await;
    let proxy = Proxy::for_domain(&domain).await;
    let answer = proxy.get("GET /").await;
    assert_eq!(answer.status(), 200);
    assert!(!answer.head.contains("access-control-"), "{}", answer.head);
}

#[tokio::test]
async fn an_allowed_page_sends_a_preflight_and_reads_the_response() {
    let domain = Domain::start().await;
    let proxy = with_tool(&domain).await;
    let preflight = format!(
        "OPTIONS /orders/_search HTTP/1.1\r\nhost: localhost:9200\r\norigin: {PAGE}\r\n\
         access-control-request-method: POST\r\naccess-control-request-headers: content-type\r\n\r\n"
    );
    let mut client = proxy.connect().await;
    client.send(preflight).await;
    let answer = client.answer_to("OPTIONS").await;
    assert_eq!(answer.status(), 204);
    assert_eq!(answer.header("access-control-allow-origin"), Some(PAGE));
    assert_eq!(
        answer.header("access-control-allow-headers"),
        Some("content-type")
    );
    assert!(domain.seen().is_empty());

    let request = format!(
        "POST /orders/_search HTTP/1.1\r\nhost: localhost:9200\r\norigin: {PAGE}\r\n\
         sec-fetch-site: same-site\r\ncontent-length: 2\r\n\r\n{{}}"
    );
    let answer = client.ask(request).await;
    assert_eq!(answer.status(), 200);
    assert_eq!(answer.header("access-control-allow-origin"), Some(PAGE));
    assert_eq!(domain.only().header("origin"), None);
    drop(client);
    proxy.end().await;
}

#[tokio::test]
async fn only_pages_of_the_allowed_origin_are_accepted() {
    let domain = Domain::start().await;
    let proxy = with_tool(&domain).await;
    for (origin, host, status) in [
        ("http://localhost:8081", "localhost:9200", 403),
        (PAGE, "evil.example", 421),
    ] {
        let request = format!(
            "OPTIONS / HTTP/1.1\r\nhost: {host}\r\norigin: {origin}\r\n\
             access-control-request-method: PUT\r\n\r\n"
        );
        assert_eq!(proxy.ask(request).await.status(), status, "{origin} {host}");
    }
    assert!(domain.seen().is_empty());
}
