//! How a session ends, by whom, and what the other side hears of it.

use irsa_pgwire::error_response::ErrorResponse;
use irsa_pgwire::frontend::terminate;
use irsa_pgwire::sqlstate::SqlState;
use irsa_testing::Log;
use tokio::time::Instant;

use crate::client::{Linked, linked, linked_by, linked_over};
use crate::encryption::Encryption;
use crate::proxy::{SHORT, Setup};
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

#[tokio::test]
async fn a_session_that_falls_silent_in_the_middle_of_a_row_is_closed_without_a_word() {
    let linked = linked_by(|setup| setup.limits.idle_timeout = Some(SHORT)).await;
    let Linked {
        mut client,
        mut upstream,
        proxy: _proxy,
    } = linked;
    upstream.send(HALF_A_ROW).await;
    assert_eq!(client.rest().await, HALF_A_ROW);
    assert_eq!(upstream.rest().await, "");
}
