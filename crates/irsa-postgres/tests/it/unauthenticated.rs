//! Clients of other machines that connect and do not authenticate.

use std::net::IpAddr;
use std::sync::Arc;
use std::time::{Duration, Instant};

use irsa_net::limit::raise_open_files;
use irsa_net::tls::{LocalAuthority, MAX_CLIENT_HELLO};
use irsa_pgwire::scram::Verifier;
use irsa_pgwire::sqlstate::SqlState;
use irsa_postgres::{ClientAuth, ScramUsers};
use irsa_testing::Log;
use rustls::ClientConfig;
use tokio::net::TcpStream;
use tokio::time::sleep;

use crate::client::{ask_for_tls, log_in, packet, startup};
use crate::encryption::ALPN;
use crate::process::proxy_process;
use crate::proxy::{Proxy, Setup, trusting};
use crate::server::Server;
use crate::wire::Wire;

/// Places for clients that have not authenticated; half of them for one address.
const PLACES: usize = 4;
/// Clients that stop in the middle of a ClientHello.
const CROWD: u64 = 1_000;

fn address(last: u8) -> IpAddr {
    [10, 0, 0, last].into()
}

/// A proxy that speaks TLS, without which clients of other machines are refused.
struct Stage {
    proxy: Proxy,
    trust: Arc<ClientConfig>,
}

// === impl Stage ===

impl Stage {
    async fn connect_from(&self, last: u8) -> Wire {
        let wire = self.proxy.connect_from(address(last)).await;
        wire.connect_tls(&self.trust, "localhost").await.unwrap()
    }
}

async fn stage_with(auth: ClientAuth) -> Stage {
    let authority = LocalAuthority::generate().unwrap();
    let server = Server::new().run().await;
    let mut setup = Setup::of(&server);
    setup.client_tls = Some(authority.server_config(&["localhost"], &[ALPN]).unwrap());
    setup.limits.max_unauthenticated = PLACES;
    setup.limits.max_connections = 2;
    setup.client_auth = auth;
    Stage {
        proxy: setup.start().await,
        trust: trusting(&authority, &[ALPN]),
    }
}

fn password() -> ClientAuth {
    let verifier = Verifier::from_password(b"secret", &[3; 16], 4096).unwrap();
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("users");
    std::fs::write(&file, format!("\"app\" \"{}\"\n", verifier.expose())).unwrap();
    ClientAuth {
        passwords: Some(Arc::new(ScramUsers::from_file(&file).unwrap())),
        ..ClientAuth::default()
    }
}

/// A ClientHello of 64 KiB in records as large as they may be, up to `length` bytes.
fn half_client_hello(length: usize) -> Vec<u8> {
    const RECORD: usize = 16 * 1024;
    let mut records = Vec::new();
    while records.len() < length {
        let begins = records.is_empty();
        records.extend([0x16, 3, 1, 0x40, 0]);
        let payload = records.len();
        if begins {
            records.extend([1, 0, 0xff, 0xff, 3, 3]);
        }
        records.resize(payload + RECORD, 0);
    }
    records.truncate(length);
    records
}

#[tokio::test]
async fn one_too_many_is_told_so_and_logged_and_counted() {
    let (log, _guard) = Log::capture();
    let stage = stage_with(ClientAuth::default()).await;
    let proxy = &stage.proxy;
    let mut silent = Vec::new();
    for last in 0..4 {
        silent.push(proxy.connect_from(address(last)).await);
    }
    proxy.until_sessions_are(4).await;
    for _ in 0..3 {
        let error = proxy.connect_from(address(9)).await.last_words().await;
        assert_eq!(error.code, SqlState::TOO_MANY_CONNECTIONS);
        assert!(
            error.message.contains("too many clients already"),
            "{error:?}"
        );
        assert!(
            error.message.contains("have not authenticated"),
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
    let wire = stage.connect_from(9).await;
    log_in(wire, &startup())
        .await
        .expect("a place is free again");
}

#[tokio::test]
async fn one_address_gets_half_of_the_places() {
    let stage = stage_with(ClientAuth::default()).await;
    let proxy = &stage.proxy;
    let mut silent = Vec::new();
    for _ in 0..PLACES / 2 {
        silent.push(proxy.connect_from(address(1)).await);
    }
    proxy.until_sessions_are(2).await;
    let error = proxy.connect_from(address(1)).await.last_words().await;
    assert!(error.message.contains("from 10.0.0.1"), "{error:?}");
    let wire = stage.connect_from(2).await;
    log_in(wire, &startup()).await.unwrap();
}

#[tokio::test]
async fn a_client_that_is_asked_for_its_password_takes_no_place_of_those_who_gave_it() {
    // There is room for two connections that have authenticated.
    let stage = stage_with(password()).await;
    let mut asked = Vec::new();
    for last in 0..3 {
        let mut wire = stage.connect_from(last).await;
        wire.send(packet(&startup())).await;
        let question = wire.message().await.expect("a message");
        assert_eq!(question.tag, b'R', "{question:?}");
        asked.push(wire);
    }
}

#[tokio::test]
async fn the_time_to_authenticate_is_counted_from_the_first_byte() {
    let server = Server::new().run().await;
    let mut setup = Setup::of(&server);
    setup.client_auth = password();
    setup.limits.startup_timeout = Duration::from_secs(4);
    let limit = setup.limits.startup_timeout;
    let proxy = setup.start().await;
    let mut wire = proxy.connect().await;
    proxy.until_sessions_are(1).await;
    sleep(limit / 2).await;
    let sent = Instant::now();
    wire.send(packet(&startup())).await;
    assert_eq!(wire.message().await.expect("a message").tag, b'R');
    let error = wire.last_words().await;
    assert_eq!(error.code, SqlState::QUERY_CANCELED);
    let waited = sent.elapsed();
    assert!(waited < limit, "{waited:?} after half of {limit:?}");
}

#[tokio::test]
async fn a_client_hello_of_more_than_16_kib_ends_the_connection() {
    let authority = LocalAuthority::generate().unwrap();
    let server = Server::new().run().await;
    let setup = Setup {
        client_tls: Some(authority.server_config(&["localhost"], &[ALPN]).unwrap()),
        ..Setup::of(&server)
    };
    let proxy = setup.start().await;
    for asks in [true, false] {
        let mut wire = proxy.connect().await;
        if asks {
            assert_eq!(ask_for_tls(&mut wire).await, b'S');
        }
        wire.send(half_client_hello(MAX_CLIENT_HELLO)).await;
        wire.send([0]).await;
        assert_eq!(wire.rest().await, "");
    }
    let trust = trusting(&authority, &[ALPN]);
    let wire = proxy.connect().await.connect_tls(&trust, "localhost").await;
    log_in(wire.unwrap(), &startup()).await.unwrap();
}

#[tokio::test]
async fn a_crowd_of_half_client_hellos_costs_no_more_than_their_bound() {
    raise_open_files().unwrap();
    let server = Server::new().run().await;
    let proxy = proxy_process(&server).await;
    let visit = async || {
        let stream = TcpStream::connect(proxy.address()).await.unwrap();
        log_in(Wire::new(stream), &startup()).await.unwrap();
    };
    visit().await;
    let before = proxy.memory().peak;
    let hello = half_client_hello(60_000);
    let mut crowd = Vec::new();
    for _ in 0..CROWD {
        let mut wire = Wire::new(TcpStream::connect(proxy.address()).await.unwrap());
        // The proxy may have read enough before the end.
        let _ = wire.try_send(&hello).await;
        crowd.push(wire);
    }
    visit().await;
    let cost = (proxy.memory().peak - before) / CROWD;
    let bound = MAX_CLIENT_HELLO as u64 + 8 * 1024;
    assert!(cost < bound, "{cost} bytes each");
}
