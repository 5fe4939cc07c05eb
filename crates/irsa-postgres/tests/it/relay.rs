//! The relay forwards the bytes of a session unchanged in both directions.

use irsa_pgwire::backend::{Authentication, TransactionStatus, command_complete, ready_for_query};
use irsa_pgwire::frontend::{query, terminate};
use proptest::collection::vec;
use proptest::prelude::*;
use proptest::sample::select;
use proptest::test_runner::{Config, TestRunner};
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};

use crate::client::{Linked, greeted, linked, linked_over, packet, startup};
use crate::encryption::Encryption;
use crate::proxy::Setup;
use crate::server::{Server, Step};
use crate::wire::{encoded, message, runtime, within};

/// The bytes that one side sends, and the sizes of its writes.
#[derive(Debug, Clone)]
struct Traffic {
    bytes: Vec<u8>,
    pieces: Vec<usize>,
}

/// Messages with these tags, split at arbitrary positions.
fn traffic(tags: &'static [u8]) -> impl Strategy<Value = Traffic> {
    let body = prop_oneof![
        8 => vec(any::<u8>(), 0..64),
        1 => vec(any::<u8>(), 60_000..70_000),
    ];
    let message = (select(tags), body).prop_map(|(tag, body)| message(tag, &body));
    let pieces = prop_oneof![vec(1..10_usize, 1..20), vec(1..40_000_usize, 1..20)];
    (vec(message, 1..40), pieces).prop_map(|(messages, pieces)| Traffic {
        bytes: messages.concat(),
        pieces,
    })
}

async fn send(traffic: &Traffic, mut to: impl AsyncWrite + Unpin) {
    let mut rest = traffic.bytes.as_slice();
    for &piece in traffic.pieces.iter().cycle() {
        let (now, later) = rest.split_at(piece.min(rest.len()));
        to.write_all(now).await.unwrap();
        to.flush().await.unwrap();
        if later.is_empty() {
            return;
        }
        rest = later;
    }
}

async fn receive(length: usize, mut from: impl AsyncRead + Unpin) -> Vec<u8> {
    let mut received = vec![0; length];
    within("the bytes", from.read_exact(&mut received))
        .await
        .unwrap();
    received
}

/// Lets both sides send at the same time and asserts that each receives the bytes of the other.
async fn converse(encryption: Encryption, by_client: &Traffic, by_server: &Traffic) {
    let Linked {
        client,
        upstream,
        proxy: _proxy,
    } = linked_over(encryption).await;
    let ((client_reads, client_writes), (server_reads, server_writes)) =
        (client.split(), upstream.split());
    let ((), (), at_client, at_server) = tokio::join!(
        send(by_client, client_writes),
        send(by_server, server_writes),
        receive(by_server.bytes.len(), client_reads),
        receive(by_client.bytes.len(), server_reads),
    );
    assert!(at_server == by_client.bytes, "bytes at the server");
    assert!(at_client == by_server.bytes, "bytes at the client");
}

#[test]
fn pipelines_arrive_unchanged_regardless_of_how_they_are_split() {
    let runtime = runtime();
    let conversations = (
        select(Encryption::ALL.to_vec()),
        traffic(b"QPBDECSHFdcf"),
        traffic(b"12CDEGHINSTWZAVdcnst"),
    );
    TestRunner::new(Config::with_cases(48))
        .run(&conversations, |(encryption, by_client, by_server)| {
            runtime.block_on(converse(encryption, &by_client, &by_server));
            Ok(())
        })
        .unwrap();
}

#[tokio::test]
async fn copy_data_flows_in_both_directions_at_the_same_time() {
    let copy_data = message(b'd', &[0x5a; 8_192]);
    for encryption in Encryption::ALL {
        let megabytes = Traffic {
            bytes: copy_data.repeat(1_000),
            pieces: vec![100_000],
        };
        converse(encryption, &megabytes, &megabytes).await;
    }
}

#[tokio::test]
async fn an_asynchronous_message_of_the_server_reaches_an_idle_client() {
    let mut linked = linked().await;
    let notification = message(b'A', b"\0\0\0\x07orders\0placed\0");
    linked.upstream.send(&notification).await;
    assert_eq!(linked.client.message().await.unwrap().bytes, notification);
}

#[tokio::test]
async fn a_message_that_arrives_with_the_greeting_reaches_the_client() {
    let notification = message(b'A', b"\0\0\0\x07orders\0placed\0");
    let greeting = encoded(|buf| {
        Authentication::Ok.encode(buf);
        ready_for_query(TransactionStatus::Idle, buf);
        buf.extend_from_slice(&notification);
    });
    let script = [Step::ask_for_password(), Step::send(greeting), Step::Hang];
    let server = Server::new().on_each_login(script).run().await;
    let proxy = Setup::for_server(&server).start().await;
    let mut client = proxy.log_in().await.unwrap().wire;
    assert_eq!(client.message().await.unwrap().bytes, notification);
}

#[tokio::test]
async fn a_query_sent_with_the_startup_packet_is_answered() {
    let server = Server::new().run().await;
    let proxy = Setup::for_server(&server).start().await;
    let mut wire = proxy.connect().await;
    let select = encoded(|buf| query("select 1", buf));
    let end = encoded(terminate);
    let at_once = [packet(&startup()), select.clone(), end.clone()].concat();
    wire.send(at_once).await;
    let mut client = greeted(wire).await.unwrap().wire;
    let mut upstream = server.session().await;
    assert_eq!(upstream.message().await.unwrap().bytes, select);
    assert_eq!(upstream.message().await.unwrap().bytes, end);
    let answer = encoded(|buf| {
        command_complete("SELECT 1", buf);
        ready_for_query(TransactionStatus::Idle, buf);
    });
    upstream.send(&answer).await;
    upstream.shut_down().await;
    assert_eq!(client.rest().await, answer, "without additional bytes");
}

#[tokio::test]
async fn a_flood_of_rows_does_not_block_the_clients_messages() {
    let Linked {
        client,
        upstream,
        proxy,
    } = linked().await;
    let ((mut client_reader, mut client_writer), (mut server_reader, mut server_writer)) =
        (client.split(), upstream.split());
    let rows = message(b'D', &vec![0; 1024 * 1024]);
    let flood = tokio::spawn(async move { while server_writer.write_all(&rows).await.is_ok() {} });
    let reading = tokio::spawn(async move {
        let mut sink = vec![0; 1024 * 1024];
        while client_reader
            .read(&mut sink)
            .await
            .is_ok_and(|read| read > 0)
        {}
    });
    let in_full_flow = async {
        while proxy.metric("postgres_relayed_bytes_total") < 100_000_000 {
            tokio::task::yield_now().await;
        }
    };
    within("a flood", in_full_flow).await;
    let status = message(b'r', b"standby status update");
    client_writer.write_all(&status).await.unwrap();
    let mut received = vec![0; status.len()];
    let receiving = server_reader.read_exact(&mut received);
    within("the client's message", receiving).await.unwrap();
    assert_eq!(received, status);
    flood.abort();
    reading.abort();
}

#[tokio::test]
async fn relayed_bytes_are_counted_by_direction() {
    let mut linked = linked().await;
    linked.client.send(message(b'Q', b"select 1\0")).await;
    linked.upstream.message().await.unwrap();
    linked.upstream.send(message(b'Z', b"I")).await;
    linked.client.message().await.unwrap();
    assert_eq!(linked.proxy.metric("postgres_relayed_bytes_total"), 14 + 6);
}
