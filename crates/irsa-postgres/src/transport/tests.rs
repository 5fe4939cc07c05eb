use std::os::unix::net::UnixStream as StdUnixStream;

use irsa_net::tls::{LocalAuthority, Roots, client_config};
use tokio::net::UnixStream;

use super::*;

fn pair() -> (Transport, Transport) {
    let (one, other) = StdUnixStream::pair().unwrap();
    let transport = |stream: StdUnixStream| {
        stream.set_nonblocking(true).unwrap();
        Transport::new(Stream::Unix(UnixStream::from_std(stream).unwrap()))
    };
    (transport(one), transport(other))
}

async fn tls_pair() -> (Transport, Transport) {
    let authority = LocalAuthority::generate().unwrap();
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("ca.pem");
    authority.write_ca(&file).unwrap();
    let client_tls = client_config(&Roots::from_pem_file(&file).unwrap(), &[]).unwrap();
    let server_tls = authority.server_config(&["localhost"], &[]).unwrap();
    let (mut client, mut server) = pair();
    let name = ServerName::try_from("localhost").unwrap();
    let (connected, accepted) = tokio::join!(
        client.connect_tls(&client_tls, name),
        server.accept_tls(&server_tls)
    );
    connected.unwrap();
    accepted.unwrap();
    (client, server)
}

async fn read_all(transport: &mut Transport) -> Vec<u8> {
    let mut all = Vec::new();
    while transport.fill().await.unwrap() == Receipt::Data {
        all.extend_from_slice(&transport.inbox().split());
    }
    all
}

async fn carries_megabytes(mut sender: Transport, mut receiver: Transport) {
    let sent: Vec<u8> = (0..3_000_000_u32)
        .map(|number| (number % 253) as u8)
        .collect();
    let sending = async {
        sender.send_all(&sent).await.unwrap();
        sender.close().await.unwrap();
    };
    let ((), got) = tokio::join!(sending, read_all(&mut receiver));
    assert!(
        got == sent,
        "received {} of {} bytes",
        got.len(),
        sent.len()
    );
}

#[tokio::test]
async fn carries_more_than_a_socket_buffers() {
    let (sender, receiver) = pair();
    carries_megabytes(sender, receiver).await;
}

#[tokio::test]
async fn carries_more_than_a_socket_buffers_over_tls() {
    let (client, server) = tls_pair().await;
    carries_megabytes(client, server).await;
    let (client, server) = tls_pair().await;
    carries_megabytes(server, client).await;
}

#[tokio::test]
async fn holds_no_buffer_while_it_waits() {
    let (mut client, mut server) = tls_pair().await;
    client.send_all(b"select 1").await.unwrap();
    assert_eq!(server.fill().await.unwrap(), Receipt::Data);
    assert_eq!(server.inbox().split().as_ref(), b"select 1");
    let waiting = futures_poll_once(&mut server);
    assert!(waiting.await, "no bytes were sent");
    assert_eq!(server.tls.as_ref().unwrap().kept(), 0);
    assert_eq!(server.unsent.capacity(), 0);
}

async fn futures_poll_once(transport: &mut Transport) -> bool {
    poll_fn(|cx| {
        let receiving = with_scratch(|scratch| transport.poll_receive(cx, scratch));
        Poll::Ready(receiving.is_pending())
    })
    .await
}

#[tokio::test]
async fn rejects_a_certificate_for_a_different_name() {
    let authority = LocalAuthority::generate().unwrap();
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("ca.pem");
    authority.write_ca(&file).unwrap();
    let client_tls = client_config(&Roots::from_pem_file(&file).unwrap(), &[]).unwrap();
    let server_tls = authority.server_config(&["db.example"], &[]).unwrap();
    let (mut client, mut server) = pair();
    let name = ServerName::try_from("other.example").unwrap();
    let (connected, accepted) = tokio::join!(
        client.connect_tls(&client_tls, name),
        server.accept_tls(&server_tls)
    );
    let error = connected.unwrap_err();
    assert!(error.get_ref().unwrap().is::<rustls::Error>());
    assert!(accepted.is_err(), "the alert reaches the server");
}

#[tokio::test]
async fn closes_after_tls_has_failed() {
    let authority = LocalAuthority::generate().unwrap();
    let server_tls = authority.server_config(&["localhost"], &[]).unwrap();
    let (mut client, mut server) = pair();
    // An incomplete ClientHello, followed by a record that is not allowed within it.
    let records = b"\x16\x03\x01\x00\x06\x01\x00\x00\xff\x03\x03\x15\x03\x03\x00\x02\x01\x00";
    client.send_all(records).await.unwrap();
    assert!(server.accept_tls(&server_tls).await.is_err());
    assert!(server.send_all(b"too late").await.is_err());
    server.close().await.unwrap();
}
