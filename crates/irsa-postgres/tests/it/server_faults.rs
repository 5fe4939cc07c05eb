//! A server that breaks, in any way and at any moment of a login.

use bytes::Bytes;
use irsa_chain::Cause;
use irsa_pgwire::backend::{self, Authentication};
use irsa_pgwire::error_response::ErrorResponse;
use irsa_pgwire::sqlstate::SqlState;
use tokio::net::TcpListener;

use crate::proxy::{Proxy, SHORT, Setup};
use crate::server::{Server, Step};
use crate::wire::{encoded, message};

/// A body that nobody waits for.
const GIANT: [u8; 4] = [0x7f, 0xff, 0xff, 0xff];

async fn proxy_of(server: Server) -> Proxy {
    let server = server.run().await;
    let mut setup = Setup::of(&server);
    setup.limits.login_timeout = SHORT;
    setup.start().await
}

async fn refusal_after(script: impl Into<Vec<Step>>) -> ErrorResponse {
    let server = Server::new().on_each_login(script).run().await;
    Setup::of(&server).start().await.refusal().await
}

fn assert_cause(error: &ErrorResponse, cause: Cause) {
    assert!(error.message.contains(cause.id()), "{error:?}");
    assert_eq!(error.code, SqlState::CANNOT_CONNECT_NOW, "{error:?}");
    assert_eq!(error.hint.as_deref(), Some(cause.remedy()));
}

fn consent() -> Step {
    Step::send(encoded(|buf| Authentication::Ok.encode(buf)))
}

#[tokio::test]
async fn a_server_that_hangs_is_given_up_at_every_stage() {
    let hanging_login = |script: Vec<Step>| Server::new().on_each_login(script);
    let servers = [
        Server::new().answers_tls_with(b""),
        Server::new().answers_tls_with(b"S"),
        hanging_login(vec![Step::Hang]),
        hanging_login(vec![Step::ask_for_password(), Step::Hang]),
        hanging_login(vec![Step::ask_for_password(), consent(), Step::Hang]),
    ];
    for server in servers {
        let proxy = proxy_of(server).await;
        assert_cause(&proxy.refusal().await, Cause::EndpointTimeout);
        proxy.end().await;
    }
}

#[tokio::test]
async fn a_server_that_closes_is_noticed_at_every_stage() {
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
        let proxy = Setup::of(&server).start().await;
        assert_cause(&proxy.refusal().await, Cause::EndpointUnreachable);
        proxy.end().await;
    }
}

#[tokio::test]
async fn a_server_that_closes_after_it_accepted_the_login_is_a_lost_connection() {
    let script = [Step::ask_for_password(), consent()];
    for server in [Server::new(), Server::new().that_resets()] {
        let server = server.on_each_login(script.clone()).run().await;
        let error = Setup::of(&server).start().await.refusal().await;
        assert_eq!(error.code, SqlState::CONNECTION_FAILURE, "{error:?}");
        let cause = Cause::EndpointUnreachable;
        assert!(error.message.contains(cause.id()), "{error:?}");
    }
}

#[tokio::test]
async fn messages_that_no_login_has_are_refused() {
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
        let error = refusal_after([consent(), Step::send(bytes.clone()), Step::Hang]).await;
        assert_eq!(
            error.code,
            SqlState::PROTOCOL_VIOLATION,
            "{bytes:?}: {error:?}"
        );
    }
}

#[tokio::test]
async fn a_giant_message_is_refused_by_its_header() {
    for before in [vec![], vec![consent()]] {
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
async fn a_greeting_without_end_is_refused() {
    let parameters = encoded(|buf| {
        for _ in 0..2_000 {
            backend::parameter_status("search_path", "x".repeat(1_000), buf);
        }
    });
    let script = [consent(), Step::send(parameters), Step::Hang];
    let error = refusal_after(script).await;
    assert_eq!(error.code, SqlState::PROTOCOL_VIOLATION);
    assert!(error.message.contains("too long"), "{error:?}");
}

#[tokio::test]
async fn notices_without_end_do_not_keep_a_login_going() {
    let notice = ErrorResponse::notice(SqlState::SUCCESSFUL_COMPLETION, "still here");
    let notices = encoded(|buf| (0..1_000).for_each(|_| notice.encode_notice(buf)));
    let script = [Step::send(notices), Step::Hang];
    let proxy = proxy_of(Server::new().on_each_login(script)).await;
    assert_cause(&proxy.refusal().await, Cause::EndpointTimeout);
}

#[tokio::test]
async fn a_name_that_does_not_resolve_is_told_apart_from_an_address_that_does_not_answer() {
    let server = Server::new().run().await;
    let label = "a".repeat(64);
    let unresolvable = Setup {
        dial: (format!("{label}.invalid"), 5432),
        ..Setup::of(&server)
    };
    let error = unresolvable.start().await.refusal().await;
    assert_cause(&error, Cause::EndpointUnresolvable);

    let unused = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = unused.local_addr().unwrap().port();
    drop(unused);
    let unreachable = Setup {
        dial: ("127.0.0.1".to_owned(), port),
        ..Setup::of(&server)
    };
    let error = unreachable.start().await.refusal().await;
    assert_cause(&error, Cause::EndpointUnreachable);
    assert_eq!(server.connections(), 0);
}
