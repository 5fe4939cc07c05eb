use irsa_net::tls::{LocalAuthority, Roots, client_config};

use super::*;

/// The content type of an alert record (RFC 8446 section 5.1).
const ALERT: u8 = 21;

/// A client and a server before the handshake.
fn pair(alpn: &[&[u8]]) -> (TlsCodec, TlsCodec) {
    pair_with(alpn, |_| {})
}

/// Does the same with a change to the server configuration.
fn pair_with(alpn: &[&[u8]], change: impl FnOnce(&mut ServerConfig)) -> (TlsCodec, TlsCodec) {
    let authority = LocalAuthority::generate().unwrap();
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("ca.pem");
    authority.write_ca(&file).unwrap();
    let roots = Roots::from_pem_file(&file).unwrap();
    let client = client_config(&roots, alpn).unwrap();
    let mut server = authority.server_config(&["localhost"], alpn).unwrap();
    change(Arc::make_mut(&mut server));
    (
        TlsCodec::client(&client, ServerName::try_from("localhost").unwrap()).unwrap(),
        TlsCodec::server(&server).unwrap(),
    )
}

/// Bytes in transit to one end, which receives `step` more bytes at a time.
#[derive(Default)]
struct Wire {
    pending: Vec<u8>,
    seen: usize,
}

impl Wire {
    fn deliver(
        &mut self,
        to: &mut TlsCodec,
        step: usize,
        plain: &mut Outbox,
        reply: &mut Outbox,
    ) -> TlsState {
        self.seen = (self.seen + step).min(self.pending.len());
        let received = to
            .receive(&mut self.pending[..self.seen], plain, reply)
            .unwrap();
        self.pending.drain(..received.consumed);
        self.seen -= received.consumed;
        received.state
    }
}

fn handshake(client: &mut TlsCodec, server: &mut TlsCodec, step: usize) {
    let (mut to_server, mut to_client) = (Wire::default(), Wire::default());
    let mut plain = Outbox::default();
    for _ in 0..20_000 {
        let mut reply = Outbox::default();
        let client_state = to_client.deliver(client, step, &mut plain, &mut reply);
        to_server.pending.extend_from_slice(reply.filled());
        let mut reply = Outbox::default();
        let server_state = to_server.deliver(server, step, &mut plain, &mut reply);
        to_client.pending.extend_from_slice(reply.filled());
        let quiet = to_server.pending.is_empty() && to_client.pending.is_empty();
        if quiet && client_state == TlsState::Open && server_state == TlsState::Open {
            return;
        }
    }
    panic!("the handshake did not complete");
}

#[test]
fn completes_handshakes_with_any_chunk_size() {
    for step in [1, 7, 1000, usize::MAX / 2] {
        let (mut client, mut server) = pair(&[b"postgresql"]);
        handshake(&mut client, &mut server, step);
        assert_eq!(client.alpn_protocol(), Some(b"postgresql".as_slice()));
        assert_eq!(server.alpn_protocol(), Some(b"postgresql".as_slice()));
    }
}

#[test]
fn carries_data_across_many_records() {
    let (mut client, mut server) = pair(&[]);
    handshake(&mut client, &mut server, usize::MAX / 2);
    let sent: Vec<u8> = (0..200_000_u32)
        .map(|number| (number % 251) as u8)
        .collect();
    let mut cipher = Outbox::default();
    client.encrypt(&mut [], &sent, &mut cipher).unwrap();
    let mut wire = Wire {
        pending: cipher.filled().to_vec(),
        seen: 0,
    };
    let (mut plain, mut reply) = (Outbox::default(), Outbox::default());
    while !wire.pending.is_empty() {
        wire.deliver(&mut server, 10_007, &mut plain, &mut reply);
    }
    assert_eq!(plain.filled(), sent);
}

#[test]
fn recognizes_close_notify() {
    let (mut client, mut server) = pair(&[]);
    handshake(&mut client, &mut server, usize::MAX / 2);
    let mut cipher = Outbox::default();
    client.close(&mut [], &mut cipher);
    let mut wire = Wire {
        pending: cipher.filled().to_vec(),
        seen: 0,
    };
    let state = wire.deliver(
        &mut server,
        1000,
        &mut Outbox::default(),
        &mut Outbox::default(),
    );
    assert_eq!(state, TlsState::PeerClosed);
}

#[test]
fn answers_garbage_with_an_alert() {
    let (_, mut server) = pair(&[]);
    let mut reply = Outbox::default();
    let mut garbage = *b"GET / HTTP/1.1\r\nHost: localhost\r\n\r\n";
    assert!(
        server
            .receive(&mut garbage, &mut Outbox::default(), &mut reply)
            .is_err()
    );
    assert_eq!(reply.filled().first(), Some(&ALERT));
}

#[test]
fn closes_in_the_middle_of_a_handshake_message() {
    let (mut client, mut server) = pair(&[]);
    let mut hello = Outbox::default();
    client
        .receive(&mut [], &mut Outbox::default(), &mut hello)
        .unwrap();
    let mut half = hello.filled()[..hello.filled().len() / 2].to_vec();
    // The first record is complete, but the handshake message in it is not.
    let body = half.split_off(5);
    let mut record = vec![22, 3, 1];
    record.extend_from_slice(&u16::try_from(body.len()).unwrap().to_be_bytes());
    record.extend_from_slice(&body);
    let received = server
        .receive(&mut record, &mut Outbox::default(), &mut Outbox::default())
        .unwrap();
    assert_eq!(received.state, TlsState::Handshaking);
    let mut kept = record.split_off(received.consumed);
    let mut alert = Outbox::default();
    server.close(&mut kept, &mut alert);
    assert_eq!(alert.filled(), b"", "no connection to close yet");
}

/// Returns the reply of `codec` to all of `incoming` during its handshake.
fn reply_to(codec: &mut TlsCodec, mut incoming: Vec<u8>) -> Vec<u8> {
    let mut reply = Outbox::default();
    let received = codec.receive(&mut incoming, &mut Outbox::default(), &mut reply);
    assert_eq!(received.unwrap().consumed, incoming.len());
    reply.filled().to_vec()
}

#[test]
fn sends_data_between_the_records_of_a_handshake_message() {
    let (mut client, mut server) = pair_with(&[], |server| server.max_fragment_size = Some(64));
    let hello = reply_to(&mut client, Vec::new());
    let flight = reply_to(&mut server, hello);
    let finished = reply_to(&mut client, flight);
    let mut tickets = reply_to(&mut server, finished);

    let [_, _, _, high, low] = *tickets.first_chunk().unwrap();
    let first_record = &mut tickets[..5 + usize::from(u16::from_be_bytes([high, low]))];
    let mut plain = Outbox::default();
    let received = client.receive(first_record, &mut plain, &mut Outbox::default());
    assert_eq!(received.unwrap().consumed, 0, "the ticket is incomplete");
    let mut cipher = Outbox::default();
    client
        .encrypt(first_record, b"select 1", &mut cipher)
        .unwrap();
    client.close(first_record, &mut cipher);

    let mut received = Outbox::default();
    let mut cipher = cipher.filled().to_vec();
    let state = server.receive(&mut cipher, &mut received, &mut Outbox::default());
    assert_eq!(state.unwrap().state, TlsState::PeerClosed);
    assert_eq!(received.filled(), b"select 1");
    let received = client.receive(&mut tickets, &mut plain, &mut Outbox::default());
    assert_eq!(received.unwrap().consumed, tickets.len());
}

#[test]
fn rejects_a_handshake_message_that_is_too_long() {
    let (_, mut server) = pair(&[]);
    let mut hello = *b"\x16\x03\x01\x00\x06\x01\xff\xff\xff\x03\x03";
    let (mut plain, mut reply) = (Outbox::default(), Outbox::default());
    assert!(server.receive(&mut hello, &mut plain, &mut reply).is_err());
}
