//! irsa's own error responses, in the format of OpenSearch.

use irsa_identity::SourceChoice;
use serde_json::Value;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpSocket};
use tokio::sync::mpsc;

use crate::client::Answer;
use crate::domain::{Domain, HOST, Step};
use crate::proxy::{Proxy, ROLE, SHORT, Setup};
use irsa_net::tls::LocalAuthority;

/// Checks the format and returns `error`.
fn error_of(answer: &Answer) -> Value {
    assert_eq!(
        answer.header("content-type"),
        Some("application/json; charset=UTF-8")
    );
    let json = answer.json();
    assert_eq!(json["status"], answer.status());
    let error = &json["error"];
    assert_eq!(error["root_cause"][0]["type"], error["type"]);
    assert_eq!(error["root_cause"][0]["reason"], error["reason"]);
    error.clone()
}

fn towards_a_closed_port() -> Setup {
    let closed = TcpSocket::new_v4().unwrap();
    closed.bind("127.0.0.1:0".parse().unwrap()).unwrap();
    let address = closed.local_addr().unwrap();
    // Bound but not listening: no other process can get the port meanwhile.
    std::mem::forget(closed);
    Setup::for_address(address, &LocalAuthority::generate().unwrap())
}

#[tokio::test]
async fn an_unreachable_domain_is_reported_with_link_role_and_source() {
    let proxy = towards_a_closed_port().start().await;
    let answer = proxy.get("GET /orders").await;
    assert_eq!(answer.status(), 502);
    let error = error_of(&answer);
    assert_eq!(error["type"], "irsa_endpoint_exception");
    assert_eq!(error["link"], "endpoint");
    assert_eq!(error["cause"], "endpoint-unreachable");
    assert!(error["remedy"].as_str().unwrap().contains("security group"));
    let reason = error["reason"].as_str().unwrap();
    for words in [
        HOST,
        "eu-central-1",
        ROLE,
        "link: endpoint",
        "identity from env",
    ] {
        assert!(reason.contains(words), "{reason}");
    }
    assert_eq!(
        proxy.metric("opensearch_retries_total"),
        2,
        "nothing was sent, so it is safe"
    );
    let refusal = format!(
        "opensearch_refusals_total{{upstream=\"{HOST}\",link=\"endpoint\",cause=\"endpoint-unreachable\""
    );
    assert_eq!(proxy.metric(&refusal), 1);
    proxy.end().await;
}

#[tokio::test]
async fn a_head_request_gets_no_body() {
    let proxy = towards_a_closed_port().start().await;
    let mut client = proxy.connect().await;
    client
        .send("HEAD /orders HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\n\r\n")
        .await;
    let answer = client.answer_to("HEAD").await;
    assert_eq!(answer.status(), 502);
    assert_eq!(client.rest().await, "");
}

#[tokio::test]
async fn a_silent_domain_is_a_timeout() {
    let mute = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let authority = LocalAuthority::generate().unwrap();
    let mut setup = Setup::for_address(mute.local_addr().unwrap(), &authority);
    setup.limits.connect_timeout = SHORT;
    let proxy = setup.start().await;
    let answer = proxy.get("GET /").await;
    assert_eq!(answer.status(), 504);
    assert_eq!(error_of(&answer)["cause"], "endpoint-timeout");
}

#[tokio::test]
async fn a_domain_that_does_not_respond_is_a_timeout_if_there_is_a_limit() {
    let never = std::sync::Arc::new(tokio::sync::Notify::new());
    let domain =
        Domain::answering(move |_| Step::Pause(Vec::new(), never.clone(), Vec::new())).await;
    let mut setup = Setup::for_address(domain.address, &domain.authority);
    setup.limits.response_timeout = Some(SHORT);
    let proxy = setup.start().await;
    let answer = proxy.get("GET /").await;
    assert_eq!(answer.status(), 504);
    assert_eq!(error_of(&answer)["cause"], "endpoint-timeout");
    proxy.end().await;
}

#[tokio::test]
async fn an_invalid_response_is_an_endpoint_failure() {
    for nonsense in [
        "220 smtp.example ESMTP\r\n\r\n",
        "HTTP/1.1 200 OK\r\ncontent-length: 1\r\ncontent-length: 2\r\n\r\nab",
        "HTTP/1.1 200 OK\r\nx y: z\r\n\r\n",
    ] {
        let domain = Domain::answering(|_| Step::AnswerAndClose(nonsense.into())).await;
        let proxy = Proxy::for_domain(&domain).await;
        let answer = proxy.get("GET /orders").await;
        assert_eq!(answer.status(), 502, "{nonsense}");
        assert_eq!(error_of(&answer)["cause"], "endpoint-failed");
        proxy.end().await;
    }
}

#[tokio::test]
async fn a_domain_with_a_different_name_gets_no_request() {
    let domain = Domain::named("search-other.example", |_| Step::ok("{}")).await;
    let proxy = Proxy::for_domain(&domain).await;
    let answer = proxy.get("GET /").await;
    assert_eq!(answer.status(), 502);
    let error = error_of(&answer);
    assert_eq!(error["cause"], "tls-certificate-invalid");
    assert!(
        error["reason"]
            .as_str()
            .unwrap()
            .contains("search-other.example")
    );
    assert!(domain.seen().is_empty());
}

#[tokio::test]
async fn a_domain_with_an_untrusted_certificate_gets_no_request() {
    let domain = Domain::start().await;
    let stranger = LocalAuthority::generate().unwrap();
    let proxy = Setup::for_address(domain.address, &stranger).start().await;
    let answer = proxy.get("GET /").await;
    assert_eq!(answer.status(), 502);
    assert_eq!(error_of(&answer)["cause"], "tls-certificate-invalid");
    assert!(domain.seen().is_empty());
}

#[tokio::test]
async fn a_handshake_that_fails_for_another_reason_does_not_blame_the_certificate() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    tokio::spawn(async move {
        let (mut stream, _) = listener.accept().await.unwrap();
        let (mut reader, mut writer) = stream.split();
        reader.read_u8().await.unwrap();
        // `handshake_failure` (RFC 8446, section 6.2).
        writer
            .write_all(b"\x15\x03\x03\x00\x02\x02\x28")
            .await
            .unwrap();
        reader.read_to_end(&mut Vec::new()).await.unwrap();
    });
    let authority = LocalAuthority::generate().unwrap();
    let proxy = Setup::for_address(address, &authority).start().await;
    let answer = proxy.get("GET /").await;
    assert_eq!(answer.status(), 502);
    assert_eq!(error_of(&answer)["cause"], "tls-handshake-failed");
}

#[tokio::test]
async fn a_failed_handshake_is_retried_even_for_writes() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let (tell, mut attempts) = mpsc::unbounded_channel();
    tokio::spawn(async move {
        loop {
            let (mut stream, _) = listener.accept().await.unwrap();
            stream.read_u8().await.unwrap();
            tell.send(()).unwrap();
        }
    });
    let authority = LocalAuthority::generate().unwrap();
    let proxy = Setup::for_address(address, &authority).start().await;
    let answer = proxy.get("GET /orders").await;
    assert_eq!(answer.status(), 502);
    assert_eq!(error_of(&answer)["cause"], "endpoint-unreachable");
    let mut made = 0;
    while attempts.try_recv().is_ok() {
        made += 1;
    }
    assert!(made > 1, "nothing of it was sent: {made}");
}

fn web_identity(setup: &mut Setup, token_file: &str) {
    setup.choice = SourceChoice::WebIdentity;
    setup.environment = vec![
        ("AWS_ROLE_ARN", ROLE.to_owned()),
        ("AWS_WEB_IDENTITY_TOKEN_FILE", token_file.to_owned()),
        ("AWS_REGION", "eu-central-1".to_owned()),
        ("AWS_ENDPOINT_URL_STS", "http://127.0.0.1:1".to_owned()),
    ];
}

#[tokio::test]
async fn a_broken_identity_is_a_bad_gateway() {
    let domain = Domain::start().await;
    let mut setup = Setup::for_address(domain.address, &domain.authority);
    web_identity(&mut setup, "/nowhere/token");
    let proxy = setup.start().await;
    let answer = proxy.get("GET /").await;
    assert_eq!(answer.status(), 502);
    let error = error_of(&answer);
    assert_eq!(error["type"], "irsa_projected_token_exception");
    assert_eq!(error["cause"], "token-file-missing");
    assert!(domain.seen().is_empty());
}

#[tokio::test]
async fn a_temporarily_unavailable_identity_is_a_503() {
    let folder = tempfile::tempdir().unwrap();
    let token = folder.path().join("token");
    std::fs::write(&token, "eyJhbGciOiJub25lIn0.e30.sig").unwrap();
    let domain = Domain::start().await;
    let mut setup = Setup::for_address(domain.address, &domain.authority);
    web_identity(&mut setup, token.to_str().unwrap());
    let proxy = setup.start().await;
    let answer = proxy.get("GET /").await;
    assert_eq!(answer.status(), 503, "{answer:?}");
    assert_eq!(error_of(&answer)["link"], "sts-session");
}
