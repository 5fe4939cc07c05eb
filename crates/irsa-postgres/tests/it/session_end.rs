//! The ends of sessions, and what the other side receives.

use irsa_pgwire::error_response::ErrorResponse;
use irsa_pgwire::frontend::terminate;
use irsa_pgwire::sqlstate::SqlState;
use irsa_testing::Log;
use tokio::time::Instant;

use crate::client::{Linked, linked, linked_over, linked_with};
use crate::encryption::Encryption;
use crate::proxy::{Proxy, SHORT, Setup};
use crate::server::Server;
use crate::wire::{encoded, message};

/// An incomplete row.
const HALF_A_ROW: &[u8] = b"D\0\0\x01\0\0\x01\0\0\0\x80half a row";

#[tokio::test]
async fn if_the_server_is_lost_within_a_row_the_client_is_closed_without_an_error() {
    for encryption in Encryption::ALL {
        for sent in [HALF_A_ROW, b"D", b"D\0\0\0"] {
            let Linked {
                mut client,
                mut upstream,
                proxy,
            } = linked_over(encryption).await;
            upstream.send(sent).await;
            drop(upstream);
            assert_eq!(client.rest().await, sent);
            proxy.end().await;
        }
    }
}

#[tokio::test]
async fn if_the_server_is_lost_between_messages_the_client_gets_an_error() {
    for encryption in Encryption::ALL {
        let Linked {
            client,
            upstream,
            proxy,
        } = linked_over(encryption).await;
        drop(upstream);
        let error = client.final_error().await;
        assert_eq!(error.code, SqlState::CONNECTION_FAILURE);
        assert!(error.hint.unwrap().contains("connect again"));
        proxy.end().await;
    }
}

#[tokio::test]
async fn sessions_that_lose_their_server_are_logged_once() {
    let (log, _guard) = Log::capture();
    let server = Server::new().run().await;
    let proxy = Setup::for_server(&server).start().await;
    for _ in 0..3 {
        let client = proxy.log_in().await.unwrap().wire;
        drop(server.session().await);
        let error = client.final_error().await;
        assert_eq!(error.code, SqlState::CONNECTION_FAILURE);
    }
    let text = log.text();
    let lines = text.matches("the connection to the server was lost");
    assert_eq!(lines.count(), 1, "{text}");
    proxy.end().await;
}

#[tokio::test]
async fn the_error_for_a_lost_server_follows_a_complete_message() {
    let Linked {
        mut client,
        mut upstream,
        proxy: _proxy,
    } = linked().await;
    let row = message(b'D', b"\0\0");
    upstream.send(&row).await;
    drop(upstream);
    assert_eq!(client.message().await.unwrap().bytes, row);
    assert_eq!(
        client.final_error().await.code,
        SqlState::CONNECTION_FAILURE
    );
}

#[tokio::test]
async fn a_fatal_error_of_the_server_is_relayed_unchanged() {
    for encryption in Encryption::ALL {
        let error = ErrorResponse::fatal(
            SqlState::ADMIN_SHUTDOWN,
            "terminating connection due to administrator command",
        );
        let error = encoded(|buf| error.encode(buf));
        let Linked {
            mut client,
            mut upstream,
            proxy,
        } = linked_over(encryption).await;
        upstream.send(&error).await;
        upstream.shut_down().await;
        assert_eq!(client.rest().await, error);
        proxy.end().await;
    }
}

#[tokio::test]
async fn after_terminate_a_close_by_the_server_is_not_an_error() {
    for encryption in Encryption::ALL {
        let Linked {
            mut client,
            mut upstream,
            proxy,
        } = linked_over(encryption).await;
        client.send(encoded(terminate)).await;
        assert_eq!(upstream.message().await.unwrap().tag, b'X');
        upstream.shut_down().await;
        assert_eq!(client.rest().await, "");
        proxy.end().await;
    }
}

#[tokio::test]
async fn after_terminate_a_reset_by_the_server_is_not_an_error() {
    let (log, _guard) = Log::capture();
    let server = Server::new().that_resets().run().await;
    let proxy = Setup::for_server(&server).start().await;
    let mut client = proxy.log_in().await.unwrap().wire;
    let mut upstream = server.session().await;
    client.send(encoded(terminate)).await;
    assert_eq!(upstream.message().await.unwrap().tag, b'X');
    drop(upstream);
    assert_eq!(client.rest().await, "");
    proxy.end().await;
    assert!(log.text().contains("session ended"), "the capture works");
    assert!(!log.text().contains("lost"), "{}", log.text());
}

#[tokio::test]
async fn terminate_is_recognized_in_pieces() {
    let Linked {
        mut client,
        mut upstream,
        proxy: _proxy,
    } = linked().await;
    let message = encoded(terminate);
    client.send(&message[..2]).await;
    assert_eq!(upstream.bytes(2).await, message[..2]);
    client.send(&message[2..]).await;
    assert_eq!(upstream.bytes(3).await, message[2..]);
    upstream.shut_down().await;
    assert_eq!(client.rest().await, "");
}

#[tokio::test]
async fn a_client_that_closes_its_sending_half_still_gets_the_response() {
    for encryption in Encryption::ALL {
        let Linked {
            mut client,
            mut upstream,
            proxy,
        } = linked_over(encryption).await;
        let query = message(b'Q', b"select pg_sleep(1)\0");
        client.send(&query).await;
        client.shut_down().await;
        assert_eq!(upstream.rest().await, query, "followed by the end");
        let answer = message(b'D', b"\0\x01\0\0\0\x012");
        upstream.send(&answer).await;
        upstream.shut_down().await;
        assert_eq!(client.rest().await, answer);
        proxy.end().await;
    }
}

#[tokio::test]
async fn a_client_that_disappears_ends_the_servers_session() {
    for encryption in Encryption::ALL {
        let Linked {
            client,
            mut upstream,
            proxy,
        } = linked_over(encryption).await;
        drop(client);
        assert_eq!(upstream.rest().await, "");
        drop(upstream);
        proxy.end().await;
    }
}

#[tokio::test]
async fn a_client_that_disappears_while_it_receives_rows_ends_the_servers_session() {
    for encryption in Encryption::ALL {
        let Linked {
            client,
            mut upstream,
            proxy,
        } = linked_over(encryption).await;
        let rows = message(b'D', &vec![0; 60_000]);
        upstream.send(&rows).await;
        drop(client);
        while upstream.try_send(&rows).await.is_ok() {}
        proxy.end().await;
    }
}

#[tokio::test]
async fn a_session_ends_after_the_idle_timeout_and_not_before() {
    let linked = linked_with(|setup| setup.limits.idle_timeout = Some(SHORT)).await;
    let Linked {
        mut client,
        mut upstream,
        proxy,
    } = linked;
    let begun = Instant::now();
    while begun.elapsed() < 2 * SHORT {
        client.send(message(b'Q', b"select 1\0")).await;
        upstream.message().await.unwrap();
        upstream.send(message(b'Z', b"I")).await;
        assert_eq!(client.message().await.unwrap().tag, b'Z');
    }
    let error = client.final_error().await;
    assert_eq!(error.code, SqlState::IDLE_SESSION_TIMEOUT);
    assert_eq!(upstream.rest().await, "");
    proxy.end().await;
}

/// Waits for two idle timeouts of unused sessions.
async fn wait_for_two_idle_timeouts(proxy: &Proxy) {
    for _ in 0..2 {
        let unused = proxy.log_in().await.unwrap().wire;
        let error = unused.final_error().await;
        assert_eq!(error.code, SqlState::IDLE_SESSION_TIMEOUT);
    }
}

/// Asserts that a session is not idle after the client has sent `request` and the server `begun`, until the server has
/// sent `ended`.
async fn assert_not_idle(request: &[u8], begun: &[u8], ended: &[u8]) {
    let linked = linked_with(|setup| setup.limits.idle_timeout = Some(SHORT)).await;
    let Linked {
        mut client,
        mut upstream,
        proxy,
    } = linked;
    client.send(request).await;
    assert_eq!(upstream.bytes(request.len()).await, request);
    upstream.send(begun).await;
    assert_eq!(client.bytes(begun.len()).await, begun);
    wait_for_two_idle_timeouts(&proxy).await;
    upstream.send(ended).await;
    assert_eq!(client.bytes(ended.len()).await, ended);
    let error = client.final_error().await;
    assert_eq!(error.code, SqlState::IDLE_SESSION_TIMEOUT);
}

#[tokio::test]
async fn a_session_with_a_running_query_is_not_idle() {
    let query = message(b'Q', b"select pg_sleep(60)\0");
    assert_not_idle(&query, b"", &message(b'Z', b"I")).await;
    let pipeline = [message(b'E', b"\0\0\0\0\0"), message(b'S', b"")].concat();
    assert_not_idle(&pipeline, b"", &message(b'Z', b"I")).await;
    let flushed = [message(b'E', b"\0\0\0\0\0"), message(b'H', b"")].concat();
    assert_not_idle(&flushed, b"", &message(b'C', b"SELECT 1\0")).await;
}

#[tokio::test]
async fn a_session_with_a_copy_in_progress_is_not_idle() {
    let copy = message(b'Q', b"copy t from stdin\0");
    let ended = [message(b'E', b"\0"), message(b'Z', b"I")].concat();
    assert_not_idle(&copy, &message(b'G', b"\0\0\0"), &ended).await;
}

#[tokio::test]
async fn a_session_with_an_incomplete_message_is_not_idle() {
    let query = message(b'Q', b"select 1\0");
    let row = message(b'D', &[0; 100]);
    let ended = [&row[50..], &message(b'Z', b"I")].concat();
    assert_not_idle(&query, &row[..50], &ended).await;
    assert_not_idle(b"", &row[..50], &row[50..]).await;
}

#[tokio::test]
async fn a_session_that_only_receives_notifications_is_idle() {
    let linked = linked_with(|setup| setup.limits.idle_timeout = Some(SHORT)).await;
    let Linked {
        mut client,
        mut upstream,
        proxy: _proxy,
    } = linked;
    client.send(message(b'Q', b"listen orders\0")).await;
    upstream.message().await.unwrap();
    upstream.send(message(b'Z', b"I")).await;
    assert_eq!(client.message().await.unwrap().tag, b'Z');
    let notification = message(b'A', b"\0\0\0\x07orders\0placed\0");
    upstream.send(&notification).await;
    assert_eq!(client.message().await.unwrap().bytes, notification);
    let error = client.final_error().await;
    assert_eq!(error.code, SqlState::IDLE_SESSION_TIMEOUT);
}
