//! Shutdown of the proxy: sessions can finish during the drain and are terminated afterwards.

use irsa_pgwire::frontend::terminate;
use irsa_pgwire::sqlstate::SqlState;
use tokio::io::AsyncWriteExt;
use tokio::net::TcpStream;

use crate::client::{Linked, linked, linked_over};
use crate::encryption::Encryption;
use crate::wire::{encoded, message, within};

/// An incomplete row.
const HALF_A_ROW: &[u8] = b"D\0\0\x01\0\0\x01\0\0\0\x80half a row";

#[tokio::test]
async fn a_drain_lets_a_running_query_finish_and_accepts_no_new_clients() {
    let Linked {
        mut client,
        mut upstream,
        proxy,
    } = linked().await;
    let address = proxy.address();
    client.send(message(b'Q', b"select 1\0")).await;
    upstream.message().await.unwrap();
    proxy.drain.start();
    let ending = tokio::spawn(proxy.end());
    let refused = async { while TcpStream::connect(address).await.is_ok() {} };
    within("the end of listening", refused).await;

    let row = message(b'D', b"\0\x01\0\0\0\x011");
    upstream.send(&row).await;
    assert_eq!(client.message().await.unwrap().bytes, row);
    client.send(encoded(terminate)).await;
    upstream.messages_until(b'X').await;
    upstream.shut_down().await;
    assert_eq!(client.rest().await, "");
    ending.await.unwrap();
}

#[tokio::test]
async fn a_terminated_session_gets_the_reason_between_two_messages() {
    for encryption in Encryption::ALL {
        let Linked {
            mut client,
            mut upstream,
            proxy,
        } = linked_over(encryption).await;
        upstream.send(message(b'Z', b"T")).await;
        client.message().await.unwrap();
        proxy.terminate.start();
        let error = client.final_error().await;
        assert_eq!(error.code, SqlState::ADMIN_SHUTDOWN);
        assert_eq!(
            upstream.rest().await,
            "",
            "the connection to the server is closed"
        );
        proxy.end().await;
    }
}

#[tokio::test]
async fn a_session_that_is_terminated_within_a_row_is_closed_without_an_error() {
    for encryption in Encryption::ALL {
        let Linked {
            mut client,
            mut upstream,
            proxy,
        } = linked_over(encryption).await;
        upstream.send(HALF_A_ROW).await;
        assert_eq!(client.bytes(HALF_A_ROW.len()).await, HALF_A_ROW);
        proxy.terminate.start();
        assert_eq!(client.rest().await, "");
        assert_eq!(upstream.rest().await, "");
        proxy.end().await;
    }
}

#[tokio::test]
async fn a_client_that_does_not_read_cannot_delay_the_termination() {
    let Linked {
        client,
        upstream,
        proxy,
    } = linked().await;
    let (_reader, mut writer) = upstream.split();
    let rows = message(b'D', &vec![0; 60_000]);
    let flood = tokio::spawn(async move { while writer.write_all(&rows).await.is_ok() {} });
    let moved = async {
        while proxy.metric("postgres_relayed_bytes_total") < 1_000_000 {
            tokio::task::yield_now().await;
        }
    };
    within("rows in transit", moved).await;
    proxy.terminate.start();
    proxy.end().await;
    within("the end of the server", flood).await.unwrap();
    drop(client);
}
