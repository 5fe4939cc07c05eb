//! All TLS connections end with close_notify: clients may treat anything else as an attack, and libpq reports a failed
//! cancel request without it.

use irsa_net::tls::LocalAuthority;
use irsa_pgwire::frontend::terminate;
use irsa_pgwire::startup::CancelKey;

use crate::client::{Session, ask_for_tls, log_in, packet, startup};
use crate::encryption::ALPN;
use crate::proxy::{Proxy, SHORT, Setup, trusting};
use crate::server::{RunningServer, Server, Step, refusal};
use crate::wire::{Wire, encoded, message};

struct Fixture {
    server: RunningServer,
    proxy: Proxy,
    authority: LocalAuthority,
}

// === impl Fixture ===

impl Fixture {
    async fn new() -> Self {
        Self::with(Server::new(), |_| {}).await
    }

    async fn with(server: Server, change: impl FnOnce(&mut Setup)) -> Self {
        let authority = LocalAuthority::generate().unwrap();
        let server = server.run().await;
        let mut setup = Setup {
            client_tls: Some(authority.server_config(&["localhost"], &[ALPN]).unwrap()),
            ..Setup::for_server(&server)
        };
        change(&mut setup);
        Self {
            proxy: setup.start().await,
            server,
            authority,
        }
    }

    async fn connect(&self) -> Wire {
        let mut wire = self.proxy.connect().await;
        assert_eq!(ask_for_tls(&mut wire).await, b'S');
        let trust = trusting(&self.authority, &[ALPN]);
        wire.connect_tls(&trust, "localhost").await.unwrap()
    }

    async fn log_in(&self) -> Session {
        log_in(self.connect().await, &startup()).await.unwrap()
    }
}

#[tokio::test]
async fn after_a_cancel_request() {
    let fixture = Fixture::new().await;
    let key = fixture.log_in().await.key();
    let unknown = CancelKey::new(key.process_id, vec![0; 4]);
    for key in [key, unknown] {
        let mut wire = fixture.connect().await;
        wire.send(encoded(|buf| key.encode_request(buf))).await;
        assert!(wire.ends_cleanly().await);
    }
    assert!(fixture.server.ends_cleanly().await, "also to the server");
}

#[tokio::test]
async fn after_a_rejected_startup_packet() {
    let startups = [
        &b"\0\0\0\x08\0\x09\0\0"[..],
        b"\0\0\0\x08\0\x03\0\0",
        b"\xff\xff\xff\xff",
    ];
    let fixture = Fixture::new().await;
    for startup in startups {
        let mut wire = fixture.connect().await;
        wire.send(startup).await;
        assert!(wire.ends_cleanly().await, "{startup:?}");
    }
}

#[tokio::test]
async fn after_the_startup_timeout() {
    let short = |setup: &mut Setup| setup.limits.startup_timeout = SHORT;
    let fixture = Fixture::with(Server::new(), short).await;
    // The timeout includes the handshake, and on a slow machine it may expire during the handshake.
    let mut wire = fixture.proxy.connect().await;
    assert_eq!(ask_for_tls(&mut wire).await, b'S');
    let trust = trusting(&fixture.authority, &[ALPN]);
    if let Ok(mut wire) = wire.connect_tls(&trust, "localhost").await {
        assert!(wire.ends_cleanly().await);
    }
}

#[tokio::test]
async fn after_a_startup_that_is_interrupted_by_a_drain() {
    let fixture = Fixture::new().await;
    let mut wire = fixture.connect().await;
    fixture.proxy.drain.start();
    assert!(wire.ends_cleanly().await);
}

#[tokio::test]
async fn after_a_refused_login() {
    let script = [
        Step::ask_for_password(),
        Step::refuse(&refusal()),
        Step::Hang,
    ];
    let fixture = Fixture::with(Server::new().on_each_login(script), |_| {}).await;
    let mut wire = fixture.connect().await;
    wire.send(packet(&startup())).await;
    assert!(wire.ends_cleanly().await);
    assert!(fixture.server.ends_cleanly().await, "also to the server");
}

#[tokio::test]
async fn after_a_terminated_login() {
    let fixture = Fixture::with(Server::new().on_each_login([Step::Hang]), |_| {}).await;
    let mut wire = fixture.connect().await;
    wire.send(packet(&startup())).await;
    while fixture.server.logins().is_empty() {
        tokio::task::yield_now().await;
    }
    fixture.proxy.terminate.start();
    assert!(wire.ends_cleanly().await);
    assert!(fixture.server.ends_cleanly().await, "also to the server");
}

#[tokio::test]
async fn after_the_client_disconnects_during_the_login() {
    let fixture = Fixture::with(Server::new().on_each_login([Step::Hang]), |_| {}).await;
    let mut wire = fixture.connect().await;
    wire.send(packet(&startup())).await;
    while fixture.server.logins().is_empty() {
        tokio::task::yield_now().await;
    }
    drop(wire);
    assert!(fixture.server.ends_cleanly().await);
}

#[tokio::test]
async fn after_a_session() {
    let fixture = Fixture::new().await;
    let mut client = fixture.log_in().await.wire;
    let mut upstream = fixture.server.session().await;
    client.send(encoded(terminate)).await;
    upstream.messages_until(b'X').await;
    upstream.shut_down().await;
    assert!(client.ends_cleanly().await);
    assert!(upstream.ends_cleanly().await);
}

#[tokio::test]
async fn after_a_session_that_irsa_ends() {
    let idle = |setup: &mut Setup| setup.limits.idle_timeout = Some(SHORT);
    let fixture = Fixture::with(Server::new(), idle).await;
    let mut client = fixture.log_in().await.wire;
    let mut upstream = fixture.server.session().await;
    assert!(client.ends_cleanly().await);
    assert!(upstream.ends_cleanly().await);

    let fixture = Fixture::new().await;
    let mut client = fixture.log_in().await.wire;
    let mut upstream = fixture.server.session().await;
    fixture.proxy.terminate.start();
    assert!(client.ends_cleanly().await);
    assert!(upstream.ends_cleanly().await);
}

#[tokio::test]
async fn after_the_server_is_lost() {
    let fixture = Fixture::new().await;
    let mut client = fixture.log_in().await.wire;
    let mut upstream = fixture.server.session().await;
    upstream.send(&message(b'D', &[0; 10])[..5]).await;
    drop(upstream);
    assert!(client.ends_cleanly().await);
}

#[tokio::test]
async fn after_the_client_disconnects() {
    let fixture = Fixture::new().await;
    let client = fixture.log_in().await.wire;
    let mut upstream = fixture.server.session().await;
    drop(client);
    assert!(upstream.ends_cleanly().await);
}
