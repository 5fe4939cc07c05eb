//! Startup of clients, with all kinds of encryption requests.

use std::sync::Arc;

use irsa_net::tls::LocalAuthority;
use irsa_pgwire::error_response::ErrorResponse;
use irsa_pgwire::sqlstate::SqlState;
use irsa_pgwire::startup::{gss_enc_request, ssl_request};
use irsa_testing::Log;
use rustls::ClientConfig;

use crate::client::{ask_for_tls, greeted, log_in, packet, startup};
use crate::encryption::ALPN;
use crate::proxy::{Proxy, Setup, trusting, unix_socket};
use crate::server::{PARAMETERS, RunningServer, Server};
use crate::wire::{Wire, encoded};

struct Fixture {
    server: RunningServer,
    proxy: Proxy,
    /// The TLS configuration of clients that trust the proxy.
    trust: Arc<ClientConfig>,
    authority: LocalAuthority,
}

/// A proxy that accepts TLS.
async fn with_tls() -> Fixture {
    let authority = LocalAuthority::generate().unwrap();
    let server = Server::new().run().await;
    let client_tls = authority.server_config(&["localhost"], &[ALPN]).unwrap();
    let setup = Setup {
        client_tls: Some(client_tls),
        ..Setup::for_server(&server)
    };
    Fixture {
        proxy: setup.start().await,
        trust: trusting(&authority, &[ALPN]),
        server,
        authority,
    }
}

async fn without_tls() -> Proxy {
    Setup::for_server(&Server::new().run().await).start().await
}

async fn ask_for_gss(wire: &mut Wire) -> u8 {
    wire.send(encoded(gss_enc_request)).await;
    wire.bytes(1).await[0]
}

#[tokio::test]
async fn a_startup_without_encryption_gets_the_servers_greeting() {
    let session = without_tls().await.log_in().await.unwrap();
    assert_eq!(session.tags(), "RSSKZ");
    let reported = PARAMETERS.map(|(name, value)| (name.to_owned(), value.to_owned()));
    assert_eq!(session.parameters(), reported);
}

#[tokio::test]
async fn an_ssl_request_leads_to_a_session_over_tls() {
    let fixture = with_tls().await;
    let mut wire = fixture.proxy.connect().await;
    assert_eq!(ask_for_tls(&mut wire).await, b'S');
    let wire = wire.connect_tls(&fixture.trust, "localhost").await.unwrap();
    let mut client = log_in(wire, &startup()).await.unwrap().wire;
    let mut upstream = fixture.server.session().await;
    client.send(b"Q\0\0\0\x0dselect 1\0").await;
    assert_eq!(upstream.message().await.unwrap().body(), b"select 1\0");
}

#[tokio::test]
async fn without_tls_support_an_ssl_request_leads_to_a_clear_text_session() {
    let proxy = without_tls().await;
    let mut wire = proxy.connect().await;
    assert_eq!(ask_for_tls(&mut wire).await, b'N');
    log_in(wire, &startup()).await.unwrap();
}

#[tokio::test]
async fn direct_tls_with_alpn_needs_no_ssl_request() {
    let fixture = with_tls().await;
    let wire = fixture.proxy.connect().await;
    let wire = wire.connect_tls(&fixture.trust, "localhost").await.unwrap();
    log_in(wire, &startup()).await.unwrap();
}

#[tokio::test]
async fn direct_tls_without_alpn_is_closed_and_logged() {
    let (log, _guard) = Log::capture();
    let fixture = with_tls().await;
    let trust = trusting(&fixture.authority, &[]);
    let wire = fixture.proxy.connect().await;
    let mut wire = wire.connect_tls(&trust, "localhost").await.unwrap();
    assert_eq!(wire.rest().await, "");
    let log = log.text();
    assert!(log.contains("direct TLS needs ALPN `postgresql`"), "{log}");
    assert_eq!(fixture.server.connections(), 0);
}

#[tokio::test]
async fn direct_tls_with_a_different_alpn_protocol_fails_in_the_handshake() {
    let fixture = with_tls().await;
    let trust = trusting(&fixture.authority, &[b"http/1.1"]);
    let wire = fixture.proxy.connect().await;
    assert!(wire.connect_tls(&trust, "localhost").await.is_err());
}

#[tokio::test]
async fn direct_tls_is_rejected_without_tls_support() {
    let fixture = with_tls().await;
    let proxy = without_tls().await;
    let wire = proxy.connect().await;
    assert!(wire.connect_tls(&fixture.trust, "localhost").await.is_err());
}

#[tokio::test]
async fn tls_can_start_after_gss_encryption_was_declined() {
    let fixture = with_tls().await;
    let mut wire = fixture.proxy.connect().await;
    assert_eq!(ask_for_gss(&mut wire).await, b'N');
    assert_eq!(ask_for_tls(&mut wire).await, b'S');
    let wire = wire.connect_tls(&fixture.trust, "localhost").await.unwrap();
    log_in(wire, &startup()).await.unwrap();
}

#[tokio::test]
async fn a_clear_text_session_can_start_after_gss_encryption_was_declined() {
    let proxy = without_tls().await;
    let mut wire = proxy.connect().await;
    assert_eq!(ask_for_gss(&mut wire).await, b'N');
    log_in(wire, &startup()).await.unwrap();
}

#[tokio::test]
async fn a_second_encryption_request_is_an_unsupported_protocol_version() {
    let fixture = with_tls().await;
    let mut wire = fixture.proxy.connect().await;
    assert_eq!(ask_for_gss(&mut wire).await, b'N');
    wire.send(encoded(gss_enc_request)).await;
    assert_is_version(&wire.final_error().await, "1234.5680");

    for (request, version) in [
        (encoded(ssl_request), "1234.5679"),
        (encoded(gss_enc_request), "1234.5680"),
    ] {
        let mut wire = fixture.proxy.connect().await;
        assert_eq!(ask_for_tls(&mut wire).await, b'S');
        let mut wire = wire.connect_tls(&fixture.trust, "localhost").await.unwrap();
        wire.send(request).await;
        assert_is_version(&wire.final_error().await, version);
    }
}

fn assert_is_version(error: &ErrorResponse, version: &str) {
    assert_eq!(error.code, SqlState::FEATURE_NOT_SUPPORTED);
    let message = format!("unsupported frontend protocol {version}: server supports 3.0 to 3.2");
    assert_eq!(error.message, message);
}

#[tokio::test]
async fn encryption_requests_within_direct_tls_are_declined_once() {
    let fixture = with_tls().await;
    let wire = fixture.proxy.connect().await;
    let mut wire = wire.connect_tls(&fixture.trust, "localhost").await.unwrap();
    assert_eq!(ask_for_tls(&mut wire).await, b'N');
    assert_eq!(ask_for_gss(&mut wire).await, b'N');
    wire.send(encoded(ssl_request)).await;
    assert_is_version(&wire.final_error().await, "1234.5679");
}

#[tokio::test]
async fn a_client_that_does_not_wait_for_the_response_to_an_encryption_request_is_rejected() {
    let proxy = without_tls().await;
    for (request, name) in [
        (encoded(ssl_request), "SSL"),
        (encoded(gss_enc_request), "GSSAPI encryption"),
    ] {
        let mut wire = proxy.connect().await;
        wire.send([request, packet(&startup())].concat()).await;
        assert_eq!(wire.bytes(1).await, "N");
        let error = wire.final_error().await;
        assert_eq!(error.code, SqlState::PROTOCOL_VIOLATION);
        let text = format!("received unencrypted data after {name} request");
        assert!(error.message.contains(&text), "{error:?}");
    }
}

#[tokio::test]
async fn clear_text_before_the_tls_handshake_is_rejected() {
    let fixture = with_tls().await;
    let mut wire = fixture.proxy.connect().await;
    let injected = packet(&startup());
    wire.send([encoded(ssl_request), injected].concat()).await;
    let error = wire.final_error().await;
    assert_eq!(error.code, SqlState::PROTOCOL_VIOLATION);
    let text = "received unencrypted data after SSL request";
    assert!(error.message.contains(text), "{error:?}");
    assert_eq!(fixture.server.connections(), 0);
}

#[tokio::test]
async fn a_startup_packet_can_arrive_byte_by_byte() {
    let proxy = without_tls().await;
    let mut wire = proxy.connect().await;
    for byte in packet(&startup()) {
        wire.send([byte]).await;
        tokio::task::yield_now().await;
    }
    greeted(wire).await.unwrap();
}

#[tokio::test]
async fn a_unix_socket_works_like_tcp() {
    let directory = tempfile::tempdir().unwrap();
    let server = Server::new().run().await;
    let setup = Setup {
        listen: unix_socket(&directory),
        ..Setup::for_server(&server)
    };
    let proxy = setup.start().await;
    assert_eq!(proxy.log_in().await.unwrap().tags(), "RSSKZ");
}
