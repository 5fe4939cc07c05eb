//! Faults of the server at all stages of a login.

use bytes::Bytes;
use irsa_chain::Cause;
use irsa_pgwire::backend::{self, Authentication};
use irsa_pgwire::error_response::ErrorResponse;
use irsa_pgwire::sqlstate::SqlState;
use tokio::net::TcpListener;

use crate::proxy::{Proxy, SHORT, Setup};
use crate::server::{Server, Step};
use crate::wire::{encoded, message};

/// The length of a message that is too large.
const GIANT: [u8; 4] = [0x7f, 0xff, 0xff, 0xff];

async fn proxy_for_server(server: Server) -> Proxy {
    let server = server.run().await;
    let mut setup = Setup::for_server(&server);
    setup.limits.login_timeout = SHORT;
    setup.start().await
}

async fn refusal_after(script: impl Into<Vec<Step>>) -> ErrorResponse {
    let server = Server::new().on_each_login(script).run().await;
    Setup::for_server(&server).start().await.refusal().await
}

fn assert_cause(error: &ErrorResponse, cause: Cause) {
    assert!(error.message.contains(cause.id()), "{error:?}");
    assert_eq!(error.code, SqlState::CANNOT_CONNECT_NOW, "{error:?}");
    assert_eq!(error.hint.as_deref(), Some(cause.remedy()));
}

fn accept() -> Step {
    Step::send(encoded(|buf| Authentication::Ok.encode(buf)))
}

#[tokio::test]
async fn a_server_that_hangs_at_any_stage_causes_a_timeout() {
    let hanging_login = |script: Vec<Step>| Server::new().on_each_login(script);
    let servers = [
        Server::new().answers_tls_with(b""),
        Server::new().answers_tls_with(b"S"),
        hanging_login(vec![Step::Hang]),
        hanging_login(vec![Step::ask_for_password(), Step::Hang]),
        hanging_login(vec![Step::ask_for_password(), accept(), Step::Hang]),
    ];
    for server in servers {
        let proxy = proxy_for_server(server).await;
        assert_cause(&proxy.refusal().await, Cause::EndpointTimeout);
        proxy.end().await;
    }
}

#[tokio::test]
async fn a_server_that_closes_the_connection_at_any_stage_is_unreachable() {
    let closing_login = |script: Vec<Step>| Server::new().on_each_login(script);
    let servers = [
        Server::new().closes_after(b""),
        Server::new().closes_after(b"S"),
        closing_login(vec![]),
        closing_login(vec![Step::ask_for_password()]),
        closing_login(vec![Step::send(b"R\0\0".as_slice())]),
        closing_login(vec![Step::ask_for_password()]).that_resets(),
    ];
    for server in servers {
        let server = server.run().await;
        let proxy = Setup::for_server(&server).start().await;
        assert_cause(&proxy.refusal().await, Cause::EndpointUnreachable);
        proxy.end().await;
    }
}

#[tokio::test]
async fn a_server_that_closes_the_connection_after_authentication_ok_is_a_connection_failure() {
    let script = [Step::ask_for_password(), accept()];
    for server in [Server::new(), Server::new().that_resets()] {
        let server = server.on_each_login(script.clone()).run().await;
        let error = Setup::for_server(&server).start().await.refusal().await;
        assert_eq!(error.code, SqlState::CONNECTION_FAILURE, "{error:?}");
        let cause = Cause::EndpointUnreachable;
        assert!(error.message.contains(cause.id()), "{error:?}");
    }
}

#[tokio::test]
async fn unexpected_messages_are_rejected() {
    let http = b"HTTP/1.1 400 Bad Request\r\n\r\n".as_slice();
    let strange: [Bytes; 6] = [
        http.into(),
        message(b'R', b"\0\0"),
        message(b'R', b"\0\0\0\x05"),
        message(b'D', b"\0\0"),
        message(b'\0', b""),
        Bytes::from_static(&[0xff; 5]),
    ];
    for bytes in strange {
        let error = refusal_after([Step::send(bytes.clone()), Step::Hang]).await;
        assert_eq!(
            error.code,
            SqlState::PROTOCOL_VIOLATION,
            "{bytes:?}: {error:?}"
        );
    }
    for bytes in [
        message(b'K', b"\0\0\0\x01\0\0"),
        message(b'v', b"\0\0\0\x01"),
    ] {
        let error = refusal_after([accept(), Step::send(bytes.clone()), Step::Hang]).await;
        assert_eq!(
            error.code,
            SqlState::PROTOCOL_VIOLATION,
            "{bytes:?}: {error:?}"
        );
    }
}

#[tokio::test]
async fn an_unexpected_message_is_named() {
    let error = refusal_after([Step::send(message(b'D', b"\0\0")), Step::Hang]).await;
    assert!(
        error.message.contains("unexpected message `D`"),
        "{error:?}"
    );
}

#[tokio::test]
async fn a_message_that_is_too_large_is_rejected_at_its_header() {
    for before in [vec![], vec![accept()]] {
        for tag in [b'R', b'S', b'N', b'E'] {
            let header = [[tag].as_slice(), &GIANT].concat();
            let script = [before.clone(), vec![Step::send(header), Step::Hang]].concat();
            let error = refusal_after(script).await;
            assert_eq!(error.code, SqlState::PROTOCOL_VIOLATION, "{error:?}");
            assert!(error.message.contains("too long"), "{error:?}");
        }
    }
}

#[tokio::test]
async fn an_endless_greeting_is_rejected() {
    let parameters = encoded(|buf| {
        for _ in 0..2_000 {
            backend::parameter_status("search_path", "x".repeat(1_000), buf);
        }
    });
    let script = [accept(), Step::send(parameters), Step::Hang];
    let error = refusal_after(script).await;
    assert_eq!(error.code, SqlState::PROTOCOL_VIOLATION);
    assert!(error.message.contains("too long"), "{error:?}");
}

#[tokio::test]
async fn endless_notices_do_not_extend_the_login_timeout() {
    let notice = ErrorResponse::notice(SqlState::SUCCESSFUL_COMPLETION, "still here");
    let notices = encoded(|buf| (0..1_000).for_each(|_| notice.encode_notice(buf)));
    let script = [Step::send(notices), Step::Hang];
    let proxy = proxy_for_server(Server::new().on_each_login(script)).await;
    assert_cause(&proxy.refusal().await, Cause::EndpointTimeout);
}

#[tokio::test]
async fn an_unresolvable_name_and_an_unreachable_address_have_different_causes() {
    let server = Server::new().run().await;
    let label = "a".repeat(64);
    let unresolvable = Setup {
        dial: (format!("{label}.invalid"), 5432),
        ..Setup::for_server(&server)
    };
    let error = unresolvable.start().await.refusal().await;
    assert_cause(&error, Cause::EndpointUnresolvable);

    let unused = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = unused.local_addr().unwrap().port();
    drop(unused);
    let unreachable = Setup {
        dial: ("127.0.0.1".to_owned(), port),
        ..Setup::for_server(&server)
    };
    let error = unreachable.start().await.refusal().await;
    assert_cause(&error, Cause::EndpointUnreachable);
    assert_eq!(server.connections(), 0);
}
