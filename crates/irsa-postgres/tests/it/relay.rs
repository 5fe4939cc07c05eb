//! A session's bytes, both ways, as they are.

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

/// What one side says, in the pieces that it sends.
#[derive(Debug, Clone)]
struct Speech {
    bytes: Vec<u8>,
    pieces: Vec<usize>,
}

/// Messages with these tags, cut anywhere.
fn speech(tags: &'static [u8]) -> impl Strategy<Value = Speech> {
    let body = prop_oneof![
        8 => vec(any::<u8>(), 0..64),
        1 => vec(any::<u8>(), 60_000..70_000),
    ];
    let message = (select(tags), body).prop_map(|(tag, body)| message(tag, &body));
    let pieces = prop_oneof![vec(1..10_usize, 1..20), vec(1..40_000_usize, 1..20)];
    (vec(message, 1..40), pieces).prop_map(|(messages, pieces)| Speech {
        bytes: messages.concat(),
        pieces,
    })
}

async fn say(speech: &Speech, mut to: impl AsyncWrite + Unpin) {
    let mut rest = speech.bytes.as_slice();
    for &piece in speech.pieces.iter().cycle() {
        let (now, later) = rest.split_at(piece.min(rest.len()));
        to.write_all(now).await.unwrap();
        to.flush().await.unwrap();
        if later.is_empty() {
            return;
        }
        rest = later;
    }
}

async fn hear(length: usize, mut from: impl AsyncRead + Unpin) -> Vec<u8> {
    let mut heard = vec![0; length];
    within("what was said", from.read_exact(&mut heard))
        .await
        .unwrap();
    heard
}

/// Lets both sides speak at once, and checks that each hears the other.
async fn converse(encryption: Encryption, by_client: &Speech, by_server: &Speech) {
    let Linked {
        client,
        upstream,
        proxy: _proxy,
    } = linked_over(encryption).await;
    let ((client_reads, client_writes), (server_reads, server_writes)) =
        (client.split(), upstream.split());
    let ((), (), by_server_heard, by_client_heard) = tokio::join!(
        say(by_client, client_writes),
        say(by_server, server_writes),
        hear(by_server.bytes.len(), client_reads),
        hear(by_client.bytes.len(), server_reads),
    );
    assert!(by_client_heard == by_client.bytes, "the server's ear");
    assert!(by_server_heard == by_server.bytes, "the client's ear");
}

#[test]
fn pipelines_arrive_unchanged_however_they_are_cut() {
    let runtime = runtime();
    let conversations = (
        select(Encryption::ALL.to_vec()),
        speech(b"QPBDECSHFdcf"),
        speech(b"12CDEGHINSTWZAVdcnst"),
    );
    TestRunner::new(Config::with_cases(48))
        .run(&conversations, |(encryption, by_client, by_server)| {
            runtime.block_on(converse(encryption, &by_client, &by_server));
            Ok(())
        })
        .unwrap();
}

#[tokio::test]
async fn copies_flow_both_ways_at_once() {
    let copy_data = message(b'd', &[0x5a; 8_192]);
    for encryption in Encryption::ALL {
        let megabytes = Speech {
            bytes: copy_data.repeat(1_000),
            pieces: vec![100_000],
        };
        converse(encryption, &megabytes, &megabytes).await;
    }
}

#[tokio::test]
async fn what_the_server_says_on_its_own_reaches_a_waiting_client() {
    let mut linked = linked().await;
    let notification = message(b'A', b"\0\0\0\x07orders\0placed\0");
    linked.upstream.send(&notification).await;
    assert_eq!(linked.client.message().await.unwrap().bytes, notification);
}

#[tokio::test]
async fn what_the_server_says_along_with_its_greeting_reaches_the_client() {
    let notification = message(b'A', b"\0\0\0\x07orders\0placed\0");
    let greeting = encoded(|buf| {
        Authentication::Ok.encode(buf);
        ready_for_query(TransactionStatus::Idle, buf);
        buf.extend_from_slice(&notification);
    });
    let script = [Step::ask_for_password(), Step::send(greeting), Step::Hang];
    let server = Server::new().on_each_login(script).run().await;
    let proxy = Setup::of(&server).start().await;
    let mut client = proxy.log_in().await.unwrap().wire;
    assert_eq!(client.message().await.unwrap().bytes, notification);
}

#[tokio::test]
async fn a_query_sent_along_with_the_start_up_packet_is_answered() {
    let server = Server::new().run().await;
    let proxy = Setup::of(&server).start().await;
    let mut wire = proxy.connect().await;
    let select = encoded(|buf| query("select 1", buf));
    let goodbye = encoded(terminate);
    let at_once = [packet(&startup()), select.clone(), goodbye.clone()].concat();
    wire.send(at_once).await;
    let mut client = greeted(wire).await.unwrap().wire;
    let mut upstream = server.session().await;
    assert_eq!(upstream.message().await.unwrap().bytes, select);
    assert_eq!(upstream.message().await.unwrap().bytes, goodbye);
    let answer = encoded(|buf| {
        command_complete("SELECT 1", buf);
        ready_for_query(TransactionStatus::Idle, buf);
    });
    upstream.send(&answer).await;
    upstream.shut_down().await;
    assert_eq!(client.rest().await, answer, "and nothing is added to it");
}

#[tokio::test]
async fn a_flood_of_rows_does_not_drown_what_the_client_says() {
    let Linked {
        client,
        upstream,
        proxy,
    } = linked().await;
    let ((mut client_ear, mut client_mouth), (mut server_ear, mut server_mouth)) =
        (client.split(), upstream.split());
    let rows = message(b'D', &vec![0; 1024 * 1024]);
    let flood = tokio::spawn(async move { while server_mouth.write_all(&rows).await.is_ok() {} });
    let reading = tokio::spawn(async move {
        let mut sink = vec![0; 1024 * 1024];
        while client_ear.read(&mut sink).await.is_ok_and(|read| read > 0) {}
    });
    let in_full_flow = async {
        while proxy.metric("postgres_relayed_bytes_total") < 100_000_000 {
            tokio::task::yield_now().await;
        }
    };
    within("a flood", in_full_flow).await;
    let word = message(b'r', b"standby status update");
    client_mouth.write_all(&word).await.unwrap();
    let mut heard = vec![0; word.len()];
    let hearing = server_ear.read_exact(&mut heard);
    within("the client's word", hearing).await.unwrap();
    assert_eq!(heard, word);
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
