//! A server whose TLS can't be trusted hears nothing worth stealing.

use irsa_chain::Cause;
use irsa_net::tls::LocalAuthority;
use irsa_pgwire::error_response::ErrorResponse;
use irsa_pgwire::sqlstate::SqlState;

use crate::proxy::{Setup, roots};
use crate::server::{RunningServer, Server};

async fn refusal_by(server: &RunningServer) -> ErrorResponse {
    Setup::of(server).start().await.refusal().await
}

fn assert_cause(error: &ErrorResponse, cause: Cause) {
    let named = format!("(link: endpoint, cause: {})", cause.id());
    assert!(error.message.contains(&named), "{error:?}");
    assert_eq!(error.code, SqlState::SQLCLIENT_UNABLE);
    assert_eq!(error.hint.as_deref(), Some(cause.remedy()));
}

#[tokio::test]
async fn a_server_without_tls_hears_the_request_for_tls_and_not_a_byte_more() {
    let server = Server::new().answers_tls_with(b"N").run().await;
    assert_cause(&refusal_by(&server).await, Cause::TlsRefusedByServer);
    assert_eq!(server.overheard().await, "");
    assert_eq!(server.connections(), 1, "it is not tried in clear text");
}

#[tokio::test]
async fn a_server_that_goes_on_in_clear_text_hears_nothing() {
    let greeting = b"NR\0\0\0\x08\0\0\0\x03";
    let server = Server::new().answers_tls_with(greeting).run().await;
    assert_cause(&refusal_by(&server).await, Cause::TlsRefusedByServer);
    assert_eq!(server.overheard().await, "");
}

#[tokio::test]
async fn bytes_that_come_with_the_consent_to_tls_are_not_taken_for_the_servers() {
    let server = Server::new().answers_tls_with(b"SR").run().await;
    let error = refusal_by(&server).await;
    assert_eq!(error.code, SqlState::PROTOCOL_VIOLATION);
    assert_eq!(server.overheard().await, "", "no handshake is begun");
}

#[tokio::test]
async fn an_error_in_clear_text_is_not_shown_to_the_client() {
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
async fn a_certificate_for_another_name_is_refused() {
    let server = Server::new().named("other.example").run().await;
    assert_cause(&refusal_by(&server).await, Cause::TlsCertificateInvalid);
    server.tls_failure().await;
    assert!(server.logins().is_empty());
}

#[tokio::test]
async fn a_certificate_of_an_unknown_authority_is_refused() {
    let server = Server::new().run().await;
    let setup = Setup {
        roots: roots(&LocalAuthority::generate().unwrap()),
        ..Setup::of(&server)
    };
    let error = setup.start().await.refusal().await;
    assert_cause(&error, Cause::TlsCertificateInvalid);
    server.tls_failure().await;
    assert!(server.logins().is_empty());
}

#[tokio::test]
async fn a_server_that_closes_in_the_handshake_is_unreachable_not_untrusted() {
    let server = Server::new().closes_after(b"S").run().await;
    let error = refusal_by(&server).await;
    let named = "(link: endpoint, cause: endpoint-unreachable)";
    assert!(error.message.contains(named), "{error:?}");
    assert_eq!(error.code, SqlState::CANNOT_CONNECT_NOW);
}

#[tokio::test]
async fn a_handshake_that_fails_for_another_reason_does_not_blame_the_certificate() {
    let handshake_failure = b"\x15\x03\x03\x00\x02\x02\x28".as_slice();
    for words in [handshake_failure, b"HTTP/1.1 400 Bad Request\r\n\r\n"] {
        let server = Server::new().answers_the_handshake_with(words).run().await;
        let error = refusal_by(&server).await;
        assert_eq!(error.code, SqlState::SQLCLIENT_UNABLE);
        assert!(error.message.contains("TLS handshake"), "{error:?}");
        assert_cause(&error, Cause::TlsHandshakeFailed);
        assert!(server.logins().is_empty());
    }
}
