//! The limits of clients from other machines that do not authenticate.

use std::net::IpAddr;
use std::sync::Arc;
use std::time::Duration;

use irsa_net::limit::raise_open_files;
use irsa_net::tls::{LocalAuthority, MAX_CLIENT_HELLO};
use irsa_pgwire::scram::Verifier;
use irsa_pgwire::sqlstate::SqlState;
use irsa_postgres::{ClientAuth, ScramUsers};
use irsa_testing::{Log, incomplete_client_hello};
use rustls::ClientConfig;
use tokio::net::TcpStream;
use tokio::time::sleep;

use crate::client::{ask_for_tls, log_in, packet, startup};
use crate::encryption::ALPN;
use crate::process::proxy_process;
use crate::proxy::{Proxy, Setup, trusting};
use crate::server::Server;
use crate::wire::Wire;

/// The limit of unauthenticated connections. Half of it is available to one address.
const LIMIT: usize = 4;
/// The number of clients that send an incomplete ClientHello.
const CLIENTS: u64 = 1_000;

fn address(last: u8) -> IpAddr {
    [10, 0, 0, last].into()
}

/// A proxy that accepts TLS, which clients from other machines must use.
struct Fixture {
    proxy: Proxy,
    trust: Arc<ClientConfig>,
}

// === impl Fixture ===

impl Fixture {
    async fn connect_from(&self, last: u8) -> Wire {
        let wire = self.proxy.connect_from(address(last)).await;
        wire.connect_tls(&self.trust, "localhost").await.unwrap()
    }
}

async fn fixture_with(auth: ClientAuth) -> Fixture {
    let authority = LocalAuthority::generate().unwrap();
    let server = Server::new().run().await;
    let mut setup = Setup::for_server(&server);
    setup.client_tls = Some(authority.server_config(&["localhost"], &[ALPN]).unwrap());
    setup.limits.max_unauthenticated = LIMIT;
    setup.limits.max_connections = 2;
    setup.client_auth = auth;
    Fixture {
        proxy: setup.start().await,
        trust: trusting(&authority, &[ALPN]),
    }
}

fn password() -> ClientAuth {
    let verifier = Verifier::from_password(b"secret", &[3; 16], 4096).unwrap();
    let directory = tempfile::tempdir().unwrap();
    let file = directory.path().join("users");
    std::fs::write(&file, format!("\"app\" \"{}\"\n", verifier.expose())).unwrap();
    ClientAuth {
        passwords: Some(Arc::new(ScramUsers::from_file(&file).unwrap())),
        ..ClientAuth::default()
    }
}

#[tokio::test]
async fn a_client_above_the_limit_gets_an_error_and_is_logged_and_counted() {
    let (log, _guard) = Log::capture();
    let fixture = fixture_with(ClientAuth::default()).await;
    let proxy = &fixture.proxy;
    let mut silent = Vec::new();
    for last in 0..4 {
        silent.push(proxy.connect_from(address(last)).await);
    }
    proxy.until_sessions_are(4).await;
    for _ in 0..3 {
        let error = proxy.connect_from(address(9)).await.final_error().await;
        assert_eq!(error.code, SqlState::TOO_MANY_CONNECTIONS);
        assert!(
            error.message.contains("too many clients already"),
            "{error:?}"
        );
        assert!(
            error.message.contains("unauthenticated connections"),
            "{error:?}"
        );
    }
    let refused = proxy.metric("postgres_unauthenticated_refusals_total");
    assert_eq!(refused, 3);
    let log = log.text();
    let warnings = log.lines().filter(|line| line.contains("WARN"));
    assert_eq!(warnings.count(), 1, "{log}");

    let _session = proxy.log_in().await.expect("loopback is not limited");
    drop(silent.pop());
    proxy.until_sessions_are(4).await;
    let wire = fixture.connect_from(9).await;
    log_in(wire, &startup())
        .await
        .expect("below the limit again");
}

#[tokio::test]
async fn one_address_gets_half_of_the_limit() {
    let fixture = fixture_with(ClientAuth::default()).await;
    let proxy = &fixture.proxy;
    let mut silent = Vec::new();
    for _ in 0..LIMIT / 2 {
        silent.push(proxy.connect_from(address(1)).await);
    }
    proxy.until_sessions_are(2).await;
    let error = proxy.connect_from(address(1)).await.final_error().await;
    assert!(error.message.contains("from 10.0.0.1"), "{error:?}");
    let wire = fixture.connect_from(2).await;
    log_in(wire, &startup()).await.unwrap();
}

#[tokio::test]
async fn clients_that_have_not_sent_the_password_do_not_count_toward_the_connection_limit() {
    // The limit of authenticated connections is 2.
    let fixture = fixture_with(password()).await;
    let mut asked = Vec::new();
    for last in 0..3 {
        let mut wire = fixture.connect_from(last).await;
        wire.send(packet(&startup())).await;
        let request = wire.message().await.expect("a message");
        assert_eq!(request.tag, b'R', "{request:?}");
        asked.push(wire);
    }
}

#[tokio::test]
async fn the_startup_timeout_starts_with_the_connection() {
    let server = Server::new().run().await;
    let mut setup = Setup::for_server(&server);
    setup.client_auth = password();
    setup.limits.startup_timeout = Duration::from_secs(4);
    let limit = setup.limits.startup_timeout;
    let proxy = setup.start().await;
    let mut first = proxy.connect().await;
    proxy.until_sessions_are(1).await;
    sleep(limit / 2).await;
    // The later connection sends its startup message first.
    let mut second = proxy.connect().await;
    for wire in [&mut second, &mut first] {
        wire.send(packet(&startup())).await;
        assert_eq!(wire.message().await.expect("a message").tag, b'R');
    }
    let error = tokio::select! {
        biased;
        error = first.final_error() => error,
        _ = second.final_error() => panic!("the timeout starts with the startup message"),
    };
    assert_eq!(error.code, SqlState::QUERY_CANCELED);
}

#[tokio::test]
async fn a_client_hello_of_more_than_16_kib_closes_the_connection() {
    let authority = LocalAuthority::generate().unwrap();
    let server = Server::new().run().await;
    let setup = Setup {
        client_tls: Some(authority.server_config(&["localhost"], &[ALPN]).unwrap()),
        ..Setup::for_server(&server)
    };
    let proxy = setup.start().await;
    for asks in [true, false] {
        let mut wire = proxy.connect().await;
        if asks {
            assert_eq!(ask_for_tls(&mut wire).await, b'S');
        }
        wire.send(incomplete_client_hello(MAX_CLIENT_HELLO)).await;
        wire.send([0]).await;
        assert_eq!(wire.rest().await, "");
    }
    let trust = trusting(&authority, &[ALPN]);
    let wire = proxy.connect().await.connect_tls(&trust, "localhost").await;
    log_in(wire.unwrap(), &startup()).await.unwrap();
}

#[tokio::test]
async fn incomplete_client_hellos_need_bounded_memory() {
    raise_open_files().unwrap();
    let server = Server::new().run().await;
    let proxy = proxy_process(&server).await;
    let visit = async || {
        let stream = TcpStream::connect(proxy.address()).await.unwrap();
        log_in(Wire::new(stream), &startup()).await.unwrap();
    };
    visit().await;
    let before = proxy.memory().peak;
    let hello = incomplete_client_hello(60_000);
    let mut clients = Vec::new();
    for _ in 0..CLIENTS {
        let mut wire = Wire::new(TcpStream::connect(proxy.address()).await.unwrap());
        // The proxy may close the connection before it has read everything.
        let _ = wire.try_send(&hello).await;
        clients.push(wire);
    }
    visit().await;
    let cost = (proxy.memory().peak - before) / CLIENTS;
    let bound = MAX_CLIENT_HELLO as u64 + 8 * 1024;
    assert!(cost < bound, "{cost} bytes each");
}
