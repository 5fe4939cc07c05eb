//! The ways in which a client may begin.

use std::sync::Arc;

use irsa_net::tls::LocalAuthority;
use irsa_pgwire::sqlstate::SqlState;
use irsa_pgwire::startup::{gss_enc_request, ssl_request};
use rustls::ClientConfig;

use crate::client::{ask_for_tls, greeted, log_in, packet, startup};
use crate::encryption::ALPN;
use crate::proxy::{Proxy, Setup, trusting, unix_socket};
use crate::server::{PARAMETERS, RunningServer, Server};
use crate::wire::{Wire, encoded};

struct Stage {
    server: RunningServer,
    proxy: Proxy,
    /// How clients trust the proxy.
    trust: Arc<ClientConfig>,
    authority: LocalAuthority,
}

/// A proxy that offers TLS to its clients.
async fn with_tls() -> Stage {
    let authority = LocalAuthority::generate().unwrap();
    let server = Server::new().run().await;
    let client_tls = authority.server_config(&["localhost"], &[ALPN]).unwrap();
    let setup = Setup {
        client_tls: Some(client_tls),
        ..Setup::of(&server)
    };
    Stage {
        proxy: setup.start().await,
        trust: trusting(&authority, &[ALPN]),
        server,
        authority,
    }
}

async fn without_tls() -> Proxy {
    Setup::of(&Server::new().run().await).start().await
}

async fn ask_for_gss(wire: &mut Wire) -> u8 {
    wire.send(encoded(gss_enc_request)).await;
    wire.bytes(1).await[0]
}

#[tokio::test]
async fn a_plain_start_up_is_greeted_as_the_server_greets() {
    let session = without_tls().await.log_in().await.unwrap();
    assert_eq!(session.tags(), "RSSKZ");
    let reported = PARAMETERS.map(|(name, value)| (name.to_owned(), value.to_owned()));
    assert_eq!(session.parameters(), reported);
}

#[tokio::test]
async fn an_ssl_request_leads_to_a_session_over_tls() {
    let stage = with_tls().await;
    let mut wire = stage.proxy.connect().await;
    assert_eq!(ask_for_tls(&mut wire).await, b'S');
    let wire = wire.connect_tls(&stage.trust, "localhost").await.unwrap();
    let mut client = log_in(wire, &startup()).await.unwrap().wire;
    let mut upstream = stage.server.session().await;
    client.send(b"Q\0\0\0\x0dselect 1\0").await;
    assert_eq!(upstream.message().await.unwrap().body(), b"select 1\0");
}

#[tokio::test]
async fn where_no_tls_is_offered_an_ssl_request_leads_to_a_plain_session() {
    let proxy = without_tls().await;
    let mut wire = proxy.connect().await;
    assert_eq!(ask_for_tls(&mut wire).await, b'N');
    log_in(wire, &startup()).await.unwrap();
}

#[tokio::test]
async fn direct_tls_with_alpn_needs_no_ssl_request() {
    let stage = with_tls().await;
    let wire = stage.proxy.connect().await;
    let wire = wire.connect_tls(&stage.trust, "localhost").await.unwrap();
    log_in(wire, &startup()).await.unwrap();
}

#[tokio::test]
async fn direct_tls_without_alpn_is_refused_with_its_reason() {
    let stage = with_tls().await;
    let trust = trusting(&stage.authority, &[]);
    let wire = stage.proxy.connect().await;
    let wire = wire.connect_tls(&trust, "localhost").await.unwrap();
    let error = wire.last_words().await;
    assert_eq!(error.code, SqlState::PROTOCOL_VIOLATION);
    assert!(error.message.contains("ALPN"), "{error:?}");
    assert_eq!(stage.server.connections(), 0);
}

#[tokio::test]
async fn direct_tls_with_another_protocol_by_alpn_fails_in_its_handshake() {
    let stage = with_tls().await;
    let trust = trusting(&stage.authority, &[b"http/1.1"]);
    let wire = stage.proxy.connect().await;
    assert!(wire.connect_tls(&trust, "localhost").await.is_err());
}

#[tokio::test]
async fn direct_tls_is_refused_where_no_tls_is_offered() {
    let stage = with_tls().await;
    let proxy = without_tls().await;
    let wire = proxy.connect().await;
    assert!(wire.connect_tls(&stage.trust, "localhost").await.is_err());
}

#[tokio::test]
async fn after_gss_encryption_is_refused_tls_starts_on_the_same_socket() {
    let stage = with_tls().await;
    let mut wire = stage.proxy.connect().await;
    assert_eq!(ask_for_gss(&mut wire).await, b'N');
    assert_eq!(ask_for_tls(&mut wire).await, b'S');
    let wire = wire.connect_tls(&stage.trust, "localhost").await.unwrap();
    log_in(wire, &startup()).await.unwrap();
}

#[tokio::test]
async fn after_gss_encryption_is_refused_a_plain_session_starts_on_the_same_socket() {
    let proxy = without_tls().await;
    let mut wire = proxy.connect().await;
    assert_eq!(ask_for_gss(&mut wire).await, b'N');
    log_in(wire, &startup()).await.unwrap();
}

#[tokio::test]
async fn encryption_is_asked_for_once_at_most() {
    let stage = with_tls().await;
    let mut wire = stage.proxy.connect().await;
    assert_eq!(ask_for_gss(&mut wire).await, b'N');
    wire.send(encoded(gss_enc_request)).await;
    assert_eq!(wire.last_words().await.code, SqlState::PROTOCOL_VIOLATION);

    let wire = stage.proxy.connect().await;
    let mut wire = wire.connect_tls(&stage.trust, "localhost").await.unwrap();
    wire.send(encoded(ssl_request)).await;
    assert_eq!(wire.last_words().await.code, SqlState::PROTOCOL_VIOLATION);
}

#[tokio::test]
async fn clear_text_sent_ahead_of_tls_is_refused_and_not_taken_for_the_clients() {
    let stage = with_tls().await;
    let mut wire = stage.proxy.connect().await;
    let injected = packet(&startup());
    wire.send([encoded(ssl_request), injected].concat()).await;
    let error = wire.last_words().await;
    assert_eq!(error.code, SqlState::PROTOCOL_VIOLATION);
    assert!(error.message.contains("clear text"), "{error:?}");
    assert_eq!(stage.server.connections(), 0);
}

#[tokio::test]
async fn a_start_up_packet_may_come_byte_by_byte() {
    let proxy = without_tls().await;
    let mut wire = proxy.connect().await;
    for byte in packet(&startup()) {
        wire.send([byte]).await;
        tokio::task::yield_now().await;
    }
    greeted(wire).await.unwrap();
}

#[tokio::test]
async fn a_unix_socket_serves_like_tcp() {
    let folder = tempfile::tempdir().unwrap();
    let server = Server::new().run().await;
    let setup = Setup {
        listen: unix_socket(&folder),
        ..Setup::of(&server)
    };
    let proxy = setup.start().await;
    assert_eq!(proxy.log_in().await.unwrap().tags(), "RSSKZ");
}
