//! A session's bytes, both ways, as they are.

use irsa_pgwire::backend::{TransactionStatus, command_complete, ready_for_query};
use irsa_pgwire::frontend::{query, terminate};
use proptest::collection::vec;
use proptest::prelude::*;
use proptest::test_runner::{Config, TestRunner};
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};

use crate::client::{Linked, greeted, linked, packet, startup};
use crate::proxy::Setup;
use crate::server::Server;
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
    let message = (prop::sample::select(tags), body).prop_map(|(tag, body)| message(tag, &body));
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
async fn converse(by_client: &Speech, by_server: &Speech) {
    let Linked {
        client,
        upstream,
        proxy: _proxy,
    } = linked().await;
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
    let speeches = (speech(b"QPBDECSHFdcf"), speech(b"12CDEGHINSTWZAVdcnst"));
    TestRunner::new(Config::with_cases(48))
        .run(&speeches, |(by_client, by_server)| {
            runtime.block_on(converse(&by_client, &by_server));
            Ok(())
        })
        .unwrap();
}

#[tokio::test]
async fn copies_flow_both_ways_at_once() {
    let copy_data = message(b'd', &[0x5a; 8_192]);
    let megabytes = Speech {
        bytes: copy_data.repeat(2_000),
        pieces: vec![100_000],
    };
    converse(&megabytes, &megabytes).await;
}

#[tokio::test]
async fn what_the_server_says_on_its_own_reaches_a_waiting_client() {
    let mut linked = linked().await;
    let notification = message(b'A', b"\0\0\0\x07orders\0placed\0");
    linked.upstream.send(&notification).await;
    assert_eq!(linked.client.message().await.unwrap().bytes, notification);
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
async fn relayed_bytes_are_counted_by_direction() {
    let mut linked = linked().await;
    linked.client.send(message(b'Q', b"select 1\0")).await;
    linked.upstream.message().await.unwrap();
    linked.upstream.send(message(b'Z', b"I")).await;
    linked.client.message().await.unwrap();
    assert_eq!(linked.proxy.metric("postgres_relayed_bytes_total"), 14 + 6);
}
