//! A server that is not verified by TLS receives no sensitive data.

use irsa_chain::Cause;
use irsa_net::tls::LocalAuthority;
use irsa_pgwire::error_response::ErrorResponse;
use irsa_pgwire::sqlstate::SqlState;

use crate::proxy::{Setup, roots};
use crate::server::{RunningServer, Server};

async fn refusal_by(server: &RunningServer) -> ErrorResponse {
    Setup::for_server(server).start().await.refusal().await
}

fn assert_cause(error: &ErrorResponse, cause: Cause) {
    let named = format!("(link: endpoint, cause: {})", cause.id());
    assert!(error.message.contains(&named), "{error:?}");
    assert_eq!(error.code, SqlState::SQLCLIENT_UNABLE);
    assert_eq!(error.hint.as_deref(), Some(cause.remedy()));
}

#[tokio::test]
async fn a_server_without_tls_receives_only_ssl_request() {
    let server = Server::new().answers_tls_with(b"N").run().await;
    assert_cause(&refusal_by(&server).await, Cause::TlsRefusedByServer);
    assert_eq!(server.unencrypted().await, "");
    assert_eq!(server.connections(), 1, "no attempt in clear text");
}

#[tokio::test]
async fn a_server_that_continues_in_clear_text_receives_nothing() {
    let greeting = b"NR\0\0\0\x08\0\0\0\x03";
    let server = Server::new().answers_tls_with(greeting).run().await;
    assert_cause(&refusal_by(&server).await, Cause::TlsRefusedByServer);
    assert_eq!(server.unencrypted().await, "");
}

#[tokio::test]
async fn bytes_that_arrive_with_the_response_to_ssl_request_are_rejected() {
    let server = Server::new().answers_tls_with(b"SR").run().await;
    let error = refusal_by(&server).await;
    assert_eq!(error.code, SqlState::PROTOCOL_VIOLATION);
    assert_eq!(server.unencrypted().await, "", "no handshake starts");
}

#[tokio::test]
async fn a_clear_text_error_is_not_relayed_to_the_client() {
    let forged = b"E\0\0\0\x14MSend your token\0\0";
    let server = Server::new().answers_tls_with(forged).run().await;
    let error = refusal_by(&server).await;
    assert!(
        !format!("{error:?}").contains("Send your token"),
        "{error:?}"
    );
    assert_eq!(error.code, SqlState::PROTOCOL_VIOLATION);
}

#[tokio::test]
async fn a_certificate_for_a_different_name_is_rejected() {
    let server = Server::new().named("other.example").run().await;
    assert_cause(&refusal_by(&server).await, Cause::TlsCertificateInvalid);
    server.tls_failure().await;
    assert!(server.logins().is_empty());
}

#[tokio::test]
async fn a_certificate_of_an_unknown_ca_is_rejected() {
    let server = Server::new().run().await;
    let setup = Setup {
        roots: roots(&LocalAuthority::generate().unwrap()),
        ..Setup::for_server(&server)
    };
    let error = setup.start().await.refusal().await;
    assert_cause(&error, Cause::TlsCertificateInvalid);
    server.tls_failure().await;
    assert!(server.logins().is_empty());
}

#[tokio::test]
async fn a_server_that_closes_during_the_handshake_is_unreachable() {
    let server = Server::new().closes_after(b"S").run().await;
    let error = refusal_by(&server).await;
    let named = "(link: endpoint, cause: endpoint-unreachable)";
    assert!(error.message.contains(named), "{error:?}");
    assert_eq!(error.code, SqlState::CANNOT_CONNECT_NOW);
}

#[tokio::test]
async fn a_handshake_that_fails_for_other_reasons_is_not_a_certificate_error() {
    let handshake_failure = b"\x15\x03\x03\x00\x02\x02\x28".as_slice();
    for bytes in [handshake_failure, b"HTTP/1.1 400 Bad Request\r\n\r\n"] {
        let server = Server::new().answers_the_handshake_with(bytes).run().await;
        let error = refusal_by(&server).await;
        assert_eq!(error.code, SqlState::SQLCLIENT_UNABLE);
        assert!(error.message.contains("TLS handshake"), "{error:?}");
        assert_cause(&error, Cause::TlsHandshakeFailed);
        assert!(server.logins().is_empty());
    }
}
