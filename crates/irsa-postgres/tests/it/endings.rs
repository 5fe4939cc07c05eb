//! How a session ends, by whom, and what the other side hears of it.

use irsa_pgwire::error_response::ErrorResponse;
use irsa_pgwire::frontend::terminate;
use irsa_pgwire::sqlstate::SqlState;
use irsa_testing::Log;
use tokio::time::Instant;

use crate::client::{Linked, linked, linked_by, linked_over};
use crate::encryption::Encryption;
use crate::proxy::{Proxy, SHORT, Setup};
use crate::server::Server;
use crate::wire::{encoded, message};

/// The beginning of a row that is longer than what is there of it.
const HALF_A_ROW: &[u8] = b"D\0\0\x01\0\0\x01\0\0\0\x80half a row";

#[tokio::test]
async fn a_server_lost_in_the_middle_of_a_row_closes_the_client_without_a_word() {
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
async fn a_server_lost_between_messages_is_told_to_the_client() {
    for encryption in Encryption::ALL {
        let Linked {
            client,
            upstream,
            proxy,
        } = linked_over(encryption).await;
        drop(upstream);
        let error = client.last_words().await;
        assert_eq!(error.code, SqlState::CONNECTION_FAILURE);
        assert!(error.hint.unwrap().contains("connect again"));
        proxy.end().await;
    }
}

#[tokio::test]
async fn of_many_sessions_that_lose_their_server_one_is_logged() {
    let (log, _guard) = Log::capture();
    let server = Server::new().run().await;
    let proxy = Setup::of(&server).start().await;
    for _ in 0..3 {
        let client = proxy.log_in().await.unwrap().wire;
        drop(server.session().await);
        let error = client.last_words().await;
        assert_eq!(error.code, SqlState::CONNECTION_FAILURE);
    }
    let text = log.text();
    let lines = text.matches("the connection to the server was lost");
    assert_eq!(lines.count(), 1, "{text}");
    proxy.end().await;
}

#[tokio::test]
async fn a_server_lost_after_a_whole_message_is_told_behind_it() {
    let Linked {
        mut client,
        mut upstream,
        proxy: _proxy,
    } = linked().await;
    let row = message(b'D', b"\0\0");
    upstream.send(&row).await;
    drop(upstream);
    assert_eq!(client.message().await.unwrap().bytes, row);
    assert_eq!(client.last_words().await.code, SqlState::CONNECTION_FAILURE);
}

#[tokio::test]
async fn the_servers_own_farewell_passes_unchanged_and_nothing_is_added() {
    for encryption in Encryption::ALL {
        let farewell = ErrorResponse::fatal(
            SqlState::ADMIN_SHUTDOWN,
            "terminating connection due to administrator command",
        );
        let farewell = encoded(|buf| farewell.encode(buf));
        let Linked {
            mut client,
            mut upstream,
            proxy,
        } = linked_over(encryption).await;
        upstream.send(&farewell).await;
        upstream.shut_down().await;
        assert_eq!(client.rest().await, farewell);
        proxy.end().await;
    }
}

#[tokio::test]
async fn a_goodbye_reaches_the_server_and_its_close_is_no_fault() {
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
async fn a_server_that_resets_after_a_goodbye_is_not_lost() {
    let (log, _guard) = Log::capture();
    let server = Server::new().that_resets().run().await;
    let proxy = Setup::of(&server).start().await;
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
async fn a_goodbye_in_pieces_is_a_goodbye() {
    let Linked {
        mut client,
        mut upstream,
        proxy: _proxy,
    } = linked().await;
    let goodbye = encoded(terminate);
    client.send(&goodbye[..2]).await;
    assert_eq!(upstream.bytes(2).await, goodbye[..2]);
    client.send(&goodbye[2..]).await;
    assert_eq!(upstream.bytes(3).await, goodbye[2..]);
    upstream.shut_down().await;
    assert_eq!(client.rest().await, "");
}

#[tokio::test]
async fn a_client_that_sends_no_more_still_gets_its_answer() {
    for encryption in Encryption::ALL {
        let Linked {
            mut client,
            mut upstream,
            proxy,
        } = linked_over(encryption).await;
        let query = message(b'Q', b"select pg_sleep(1)\0");
        client.send(&query).await;
        client.shut_down().await;
        assert_eq!(upstream.rest().await, query, "and the end behind it");
        let answer = message(b'D', b"\0\x01\0\0\0\x012");
        upstream.send(&answer).await;
        upstream.shut_down().await;
        assert_eq!(client.rest().await, answer);
        proxy.end().await;
    }
}

#[tokio::test]
async fn a_client_that_vanishes_ends_the_servers_session() {
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
async fn a_client_that_vanishes_while_rows_flow_ends_the_servers_session() {
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
async fn a_session_ends_when_it_has_been_silent_for_the_idle_time_and_not_before() {
    let linked = linked_by(|setup| setup.limits.idle_timeout = Some(SHORT)).await;
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
    let error = client.last_words().await;
    assert_eq!(error.code, SqlState::IDLE_SESSION_TIMEOUT);
    assert_eq!(upstream.rest().await, "");
    proxy.end().await;
}

/// Waits for two idle times, as unused sessions show them.
async fn outlast_two_idle_times(proxy: &Proxy) {
    for _ in 0..2 {
        let unused = proxy.log_in().await.unwrap().wire;
        let error = unused.last_words().await;
        assert_eq!(error.code, SqlState::IDLE_SESSION_TIMEOUT);
    }
}

/// Checks that what the server begins with `begun` after the client's `request` is not idle until the server has said
/// `ended` too.
async fn assert_not_idle(request: &[u8], begun: &[u8], ended: &[u8]) {
    let linked = linked_by(|setup| setup.limits.idle_timeout = Some(SHORT)).await;
    let Linked {
        mut client,
        mut upstream,
        proxy,
    } = linked;
    client.send(request).await;
    assert_eq!(upstream.bytes(request.len()).await, request);
    upstream.send(begun).await;
    assert_eq!(client.bytes(begun.len()).await, begun);
    outlast_two_idle_times(&proxy).await;
    upstream.send(ended).await;
    assert_eq!(client.bytes(ended.len()).await, ended);
    let error = client.last_words().await;
    assert_eq!(error.code, SqlState::IDLE_SESSION_TIMEOUT);
}

#[tokio::test]
async fn a_session_whose_query_runs_longer_than_the_idle_time_is_not_idle() {
    let query = message(b'Q', b"select pg_sleep(60)\0");
    assert_not_idle(&query, b"", &message(b'Z', b"I")).await;
    let pipeline = [message(b'E', b"\0\0\0\0\0"), message(b'S', b"")].concat();
    assert_not_idle(&pipeline, b"", &message(b'Z', b"I")).await;
    let flushed = [message(b'E', b"\0\0\0\0\0"), message(b'H', b"")].concat();
    assert_not_idle(&flushed, b"", &message(b'C', b"SELECT 1\0")).await;
}

#[tokio::test]
async fn a_session_with_a_copy_under_way_is_not_idle() {
    let copy = message(b'Q', b"copy t from stdin\0");
    let ended = [message(b'E', b"\0"), message(b'Z', b"I")].concat();
    assert_not_idle(&copy, &message(b'G', b"\0\0\0"), &ended).await;
}

#[tokio::test]
async fn a_session_in_the_middle_of_a_message_is_not_idle() {
    let query = message(b'Q', b"select 1\0");
    let row = message(b'D', &[0; 100]);
    let ended = [&row[50..], &message(b'Z', b"I")].concat();
    assert_not_idle(&query, &row[..50], &ended).await;
    assert_not_idle(b"", &row[..50], &row[50..]).await;
}

#[tokio::test]
async fn a_session_that_listens_is_idle() {
    let linked = linked_by(|setup| setup.limits.idle_timeout = Some(SHORT)).await;
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
    let error = client.last_words().await;
    assert_eq!(error.code, SqlState::IDLE_SESSION_TIMEOUT);
}
