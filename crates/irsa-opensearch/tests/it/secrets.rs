//! Keys, tokens, signatures, passwords and bodies do not appear in logs, errors or `Debug` output.

use http::Response;

use crate::domain::{Domain, Step};
use crate::h2_domain::{Frames, H2Domain};
use crate::proxy::{Proxy, SECRET_KEY, SESSION_TOKEN, Setup};
use irsa_testing::Log;

const BODY: &str = "hush-in-the-body";
const ANSWER: &str = "hush-in-the-answer";
/// `zeebe:hush-hush`
const PASSWORD: &str = "emVlYmU6aHVzaC1odXNo";

async fn ask(proxy: &Proxy) -> String {
    let length = BODY.len();
    let request = format!(
        "POST /a HTTP/1.1\r\nhost: localhost\r\nauthorization: Basic {PASSWORD}\r\n\
         content-length: {length}\r\n\r\n{BODY}"
    );
    format!("{:?}", proxy.ask(request).await)
}

fn assert_clean(text: &str, authorization: &str) {
    let (_, signature) = authorization.split_once("Signature=").unwrap();
    for secret in [SECRET_KEY, SESSION_TOKEN, signature, BODY, ANSWER, PASSWORD] {
        assert!(!text.contains(secret), "`{secret}` in {text}");
    }
}

#[tokio::test]
async fn a_request_that_succeeds_logs_no_secret() {
    let (log, _guard) = Log::capture();
    let domain = Domain::answering(|_| Step::ok(ANSWER)).await;
    let proxy = Proxy::for_domain(&domain).await;
    ask(&proxy).await;
    let debug = format!("{:?} {}", proxy.domain, proxy.metrics());
    let seen = domain.only();
    proxy.end().await;
    assert!(!log.text().is_empty(), "the capture works");
    assert_clean(
        &(log.text() + &debug),
        seen.header("authorization").unwrap(),
    );
}

#[tokio::test]
async fn a_rejected_request_logs_no_secret() {
    let (log, _guard) = Log::capture();
    let body =
        format!(r#"{{"message":"The request signature we calculated does not match. {ANSWER}"}}"#);
    let domain = Domain::answering(move |_| Step::json(403, &body)).await;
    let proxy = Proxy::for_domain(&domain).await;
    ask(&proxy).await;
    assert!(log.text().contains("signature-mismatch"), "{}", log.text());
    assert_clean(&log.text(), domain.only().header("authorization").unwrap());
}

#[tokio::test]
async fn a_failed_request_reveals_no_secret() {
    let (log, _guard) = Log::capture();
    let domain = Domain::answering(|_| Step::Close).await;
    let proxy = Proxy::for_domain(&domain).await;
    let told = ask(&proxy).await;
    assert!(log.text().contains("endpoint-failed"), "{}", log.text());
    assert_clean(
        &(log.text() + &told),
        domain.only().header("authorization").unwrap(),
    );
}

#[tokio::test]
async fn http2_logs_no_secret() {
    let (log, _guard) = Log::capture();
    let domain = H2Domain::answering(|_| Response::new(Frames::data(ANSWER))).await;
    let proxy = Setup::for_address(domain.address, &domain.authority)
        .start()
        .await;
    ask(&proxy).await;
    let (parts, _) = domain.seen().remove(0);
    let authorization = parts
        .headers
        .get("authorization")
        .unwrap()
        .to_str()
        .unwrap();
    assert_clean(&log.text(), authorization);
}

#[tokio::test]
async fn debug_output_shows_no_secret() {
    let domain = Domain::start().await;
    let parts = Setup::for_address(domain.address, &domain.authority).into_parts();
    let debug = format!("{parts:?}");
    assert!(debug.contains("search-orders-"), "{debug}");
    assert_clean(&debug, "Signature=none");
}
