//! However a connection over TLS ends, TLS is closed first: a client may take anything else for an attack, and libpq
//! reports a cancel request without it as failed.

use irsa_net::tls::LocalAuthority;
use irsa_pgwire::frontend::terminate;
use irsa_pgwire::startup::CancelKey;

use crate::client::{Session, ask_for_tls, log_in, packet, startup};
use crate::encryption::ALPN;
use crate::proxy::{Proxy, SHORT, Setup, trusting};
use crate::server::{RunningServer, Server, Step, refusal};
use crate::wire::{Wire, encoded, message};

struct Stage {
    server: RunningServer,
    proxy: Proxy,
    authority: LocalAuthority,
}

// === impl Stage ===

impl Stage {
    async fn new() -> Self {
        Self::with(Server::new(), |_| {}).await
    }

    async fn with(server: Server, change: impl FnOnce(&mut Setup)) -> Self {
        let authority = LocalAuthority::generate().unwrap();
        let server = server.run().await;
        let mut setup = Setup {
            client_tls: Some(authority.server_config(&["localhost"], &[ALPN]).unwrap()),
            ..Setup::of(&server)
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
    let stage = Stage::new().await;
    let key = stage.log_in().await.key();
    let unknown = CancelKey::new(key.process_id, vec![0; 4]);
    for key in [key, unknown] {
        let mut wire = stage.connect().await;
        wire.send(encoded(|buf| key.encode_request(buf))).await;
        assert!(wire.ends_cleanly().await);
    }
    assert!(stage.server.ends_cleanly().await, "towards the server too");
}

#[tokio::test]
async fn after_a_start_up_that_is_refused() {
    let startups = [
        &b"\0\0\0\x08\0\x09\0\0"[..],
        b"\0\0\0\x08\0\x03\0\0",
        b"\xff\xff\xff\xff",
    ];
    let stage = Stage::new().await;
    for startup in startups {
        let mut wire = stage.connect().await;
        wire.send(startup).await;
        assert!(wire.ends_cleanly().await, "{startup:?}");
    }
}

#[tokio::test]
async fn after_a_start_up_that_does_not_come() {
    let short = |setup: &mut Setup| setup.limits.startup_timeout = SHORT;
    let stage = Stage::with(Server::new(), short).await;
    // The time limit is for the handshake too: on a slow machine it may end there.
    let mut wire = stage.proxy.connect().await;
    assert_eq!(ask_for_tls(&mut wire).await, b'S');
    let trust = trusting(&stage.authority, &[ALPN]);
    if let Ok(mut wire) = wire.connect_tls(&trust, "localhost").await {
        assert!(wire.ends_cleanly().await);
    }
}

#[tokio::test]
async fn after_a_start_up_that_the_end_of_irsa_cuts_short() {
    let stage = Stage::new().await;
    let mut wire = stage.connect().await;
    stage.proxy.drain.start();
    assert!(wire.ends_cleanly().await);
}

#[tokio::test]
async fn after_a_login_that_is_refused() {
    let script = [
        Step::ask_for_password(),
        Step::refuse(&refusal()),
        Step::Hang,
    ];
    let stage = Stage::with(Server::new().on_each_login(script), |_| {}).await;
    let mut wire = stage.connect().await;
    wire.send(packet(&startup())).await;
    assert!(wire.ends_cleanly().await);
    assert!(stage.server.ends_cleanly().await, "towards the server too");
}

#[tokio::test]
async fn after_a_login_that_is_cut_short() {
    let stage = Stage::with(Server::new().on_each_login([Step::Hang]), |_| {}).await;
    let mut wire = stage.connect().await;
    wire.send(packet(&startup())).await;
    while stage.server.logins().is_empty() {
        tokio::task::yield_now().await;
    }
    stage.proxy.cut.start();
    assert!(wire.ends_cleanly().await);
    assert!(stage.server.ends_cleanly().await, "towards the server too");
}

#[tokio::test]
async fn after_a_login_whose_client_has_left() {
    let stage = Stage::with(Server::new().on_each_login([Step::Hang]), |_| {}).await;
    let mut wire = stage.connect().await;
    wire.send(packet(&startup())).await;
    while stage.server.logins().is_empty() {
        tokio::task::yield_now().await;
    }
    drop(wire);
    assert!(stage.server.ends_cleanly().await);
}

#[tokio::test]
async fn after_a_session() {
    let stage = Stage::new().await;
    let mut client = stage.log_in().await.wire;
    let mut upstream = stage.server.session().await;
    client.send(encoded(terminate)).await;
    upstream.messages_until(b'X').await;
    upstream.shut_down().await;
    assert!(client.ends_cleanly().await);
    assert!(upstream.ends_cleanly().await);
}

#[tokio::test]
async fn after_a_session_that_irsa_ends() {
    let idle = |setup: &mut Setup| setup.limits.idle_timeout = Some(SHORT);
    let stage = Stage::with(Server::new(), idle).await;
    let mut client = stage.log_in().await.wire;
    let mut upstream = stage.server.session().await;
    assert!(client.ends_cleanly().await);
    assert!(upstream.ends_cleanly().await);

    let stage = Stage::new().await;
    let mut client = stage.log_in().await.wire;
    let mut upstream = stage.server.session().await;
    stage.proxy.cut.start();
    assert!(client.ends_cleanly().await);
    assert!(upstream.ends_cleanly().await);
}

#[tokio::test]
async fn after_a_server_that_is_lost() {
    let stage = Stage::new().await;
    let mut client = stage.log_in().await.wire;
    let mut upstream = stage.server.session().await;
    upstream.send(&message(b'D', &[0; 10])[..5]).await;
    drop(upstream);
    assert!(client.ends_cleanly().await);
}

#[tokio::test]
async fn after_a_client_that_is_gone() {
    let stage = Stage::new().await;
    let client = stage.log_in().await.wire;
    let mut upstream = stage.server.session().await;
    drop(client);
    assert!(upstream.ends_cleanly().await);
}
