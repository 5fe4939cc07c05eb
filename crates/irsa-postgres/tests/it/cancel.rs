//! Cancel requests: the proxy's keys lead to the instance of the session.

use std::net::{IpAddr, Ipv6Addr, SocketAddr};

use irsa_net::tls::LocalAuthority;
use irsa_pgwire::frontend::terminate;
use irsa_pgwire::startup::{CancelKey, Version};
use irsa_testing::Log;
use tokio::net::lookup_host;

use crate::client::{Session, ask_for_tls, log_in, startup_with_version};
use crate::encryption::ALPN;
use crate::proxy::{Proxy, SHORT, Setup, trusting};
use crate::server::{RunningServer, Server};
use crate::wire::{encoded, within};

struct Fixture {
    server: RunningServer,
    proxy: Proxy,
    session: Session,
}

fn servers_key() -> CancelKey {
    CancelKey::new(4711, vec![9; 4])
}

async fn fixture() -> Fixture {
    fixture_with(Version::V3_0, servers_key()).await
}

async fn fixture_with(version: Version, key: CancelKey) -> Fixture {
    let server = Server::new().with_key(key).run().await;
    let mut setup = Setup::for_server(&server);
    // The session uses the only connection, and a cancel request does not need one.
    setup.limits.max_connections = 1;
    let proxy = setup.start().await;
    let session = log_in(proxy.connect().await, &startup_with_version(version)).await;
    Fixture {
        session: session.unwrap(),
        server,
        proxy,
    }
}

/// Sends a cancel request with `key` and asserts that it did not reach the server.
async fn assert_ignored(fixture: &Fixture, key: &CancelKey) {
    fixture.proxy.cancel(key).await;
    assert_eq!(fixture.server.connections(), 1);
    assert_eq!(fixture.proxy.metric("postgres_cancels_total"), 0);
}

#[tokio::test]
async fn the_clients_key_is_mapped_to_the_servers_key() {
    let fixture = fixture().await;
    let key = fixture.session.key();
    assert_eq!(key.process_id, servers_key().process_id);
    assert_ne!(key, servers_key(), "the secret stays with the proxy");
    fixture.proxy.cancel(&key).await;
    assert_eq!(fixture.server.cancel().await, servers_key());
    assert_eq!(fixture.proxy.metric("postgres_cancels_total"), 1);
}

#[tokio::test]
async fn long_keys_of_protocol_3_2_are_mapped_to_the_servers_long_key() {
    let long = CancelKey::new(7, (0..=255).collect());
    let fixture = fixture_with(Version::V3_2, long.clone()).await;
    let key = fixture.session.key();
    assert_eq!((key.process_id, key.secret().len()), (7, 32));
    fixture.proxy.cancel(&key).await;
    assert_eq!(fixture.server.cancel().await, long);
}

#[tokio::test]
async fn sessions_with_the_same_process_id_have_different_secrets() {
    let server = Server::new().run().await;
    let proxy = Setup::for_server(&server).start().await;
    let (one, other) = (proxy.log_in().await.unwrap(), proxy.log_in().await.unwrap());
    assert_eq!(one.key().process_id, other.key().process_id);
    assert_ne!(one.key().secret(), other.key().secret());
}

#[tokio::test]
async fn without_a_key_of_the_server_the_client_gets_no_key() {
    let server = Server::new().without_key().run().await;
    let proxy = Setup::for_server(&server).start().await;
    let session = proxy.log_in().await.unwrap();
    assert!(!session.tags().contains('K'), "{}", session.tags());
}

#[tokio::test]
async fn an_unknown_key_is_ignored() {
    let fixture = fixture().await;
    let key = fixture.session.key();
    let mut other_secret = key.secret().to_vec();
    other_secret[0] ^= 1;
    let longer = [key.secret(), &[0]].concat();
    for key in [
        CancelKey::new(key.process_id, other_secret),
        CancelKey::new(key.process_id, longer),
        CancelKey::new(key.process_id ^ 1, key.secret().to_vec()),
        servers_key(),
    ] {
        assert_ignored(&fixture, &key).await;
    }
    assert_eq!(fixture.proxy.metric("postgres_cancels_unknown_total"), 4);
}

#[tokio::test]
async fn a_client_that_guesses_too_many_keys_is_ignored_for_a_while() {
    let fixture = fixture().await;
    let key = fixture.session.key();
    let guess = CancelKey::new(key.process_id, vec![0; 4]);
    let until_ignored = async {
        loop {
            for _ in 0..50 {
                fixture.proxy.cancel(&guess).await;
            }
            let forwarded = fixture.proxy.metric("postgres_cancels_total");
            fixture.proxy.cancel(&key).await;
            if fixture.proxy.metric("postgres_cancels_total") == forwarded {
                return;
            }
        }
    };
    within("a limit on guesses", until_ignored).await;
}

#[tokio::test]
async fn the_key_of_a_closed_session_is_ignored() {
    let mut fixture = fixture().await;
    let key = fixture.session.key();
    let mut upstream = fixture.server.session().await;
    fixture.session.wire.send(encoded(terminate)).await;
    upstream.messages_until(b'X').await;
    upstream.shut_down().await;
    assert_eq!(fixture.session.wire.rest().await, "");
    fixture.proxy.until_sessions_are(0).await;
    assert_ignored(&fixture, &key).await;
}

#[tokio::test]
async fn a_cancel_request_can_use_tls() {
    let authority = LocalAuthority::generate().unwrap();
    let server = Server::new().run().await;
    let setup = Setup {
        client_tls: Some(authority.server_config(&["localhost"], &[ALPN]).unwrap()),
        ..Setup::for_server(&server)
    };
    let proxy = setup.start().await;
    let session = proxy.log_in().await.unwrap();
    let mut wire = proxy.connect().await;
    assert_eq!(ask_for_tls(&mut wire).await, b'S');
    let trust = trusting(&authority, &[ALPN]);
    let mut wire = wire.connect_tls(&trust, "localhost").await.unwrap();
    wire.send(encoded(|buf| session.key().encode_request(buf)))
        .await;
    assert_eq!(wire.rest().await, "");
    assert_eq!(server.cancel().await, servers_key());
    assert!(server.ends_cleanly().await);
}

#[tokio::test]
async fn a_server_that_ignores_cancel_requests_does_not_block_clients_and_is_logged_once() {
    let (log, _guard) = Log::capture();
    let server = Server::new().hangs_on_cancels().run().await;
    let mut setup = Setup::for_server(&server);
    setup.limits.login_timeout = SHORT * 5;
    let proxy = setup.start().await;
    let session = proxy.log_in().await.unwrap();
    for _ in 0..2 {
        proxy.cancel(&session.key()).await;
        assert_eq!(server.cancel().await, servers_key());
    }
    assert_eq!(proxy.metric("postgres_cancels_total"), 0);
    let text = log.text();
    let lines = text.matches("cannot forward a cancel request");
    assert_eq!(lines.count(), 1, "{text}");
}

/// `localhost` plays a cluster endpoint: at first one instance answers, and then, as after a failover, a different
/// instance is tried first.
#[tokio::test]
async fn a_cancel_request_goes_to_the_sessions_instance_and_not_to_the_endpoint() {
    let session_at = Server::new().run().await;
    let port = session_at.address.port();
    let first_choice = SocketAddr::new(IpAddr::V6(Ipv6Addr::LOCALHOST), port);
    let found = lookup_host(("localhost", port)).await.unwrap();
    if !found.into_iter().any(|address| address == first_choice) {
        eprintln!("skipped: `localhost` has only one address here");
        return;
    }
    let setup = Setup {
        dial: ("localhost".to_owned(), port),
        ..Setup::for_server(&session_at)
    };
    let proxy = setup.start().await;
    let session = proxy.log_in().await.unwrap();
    let moved_to = Server::new().run_at(first_choice).await;
    proxy.cancel(&session.key()).await;
    assert_eq!(session_at.cancel().await, servers_key());
    assert_eq!(moved_to.connections(), 0);
    assert!(proxy.log_in().await.is_err(), "the endpoint has moved");
    assert_eq!(moved_to.connections(), 1);
}
