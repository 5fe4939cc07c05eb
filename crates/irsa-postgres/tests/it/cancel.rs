//! Cancel requests: secrets of the proxy's own, which lead to the session's instance.

use std::net::{IpAddr, Ipv6Addr, SocketAddr};

use irsa_net::tls::LocalAuthority;
use irsa_pgwire::frontend::terminate;
use irsa_pgwire::startup::{CancelKey, Version};
use irsa_testing::Log;
use tokio::net::lookup_host;

use crate::client::{Session, ask_for_tls, log_in, startup_of};
use crate::encryption::ALPN;
use crate::proxy::{Proxy, SHORT, Setup, trusting};
use crate::server::{RunningServer, Server};
use crate::wire::{encoded, within};

struct Stage {
    server: RunningServer,
    proxy: Proxy,
    session: Session,
}

fn servers_key() -> CancelKey {
    CancelKey::new(4711, vec![9; 4])
}

async fn stage() -> Stage {
    stage_of(Version::V3_0, servers_key()).await
}

async fn stage_of(version: Version, key: CancelKey) -> Stage {
    let server = Server::new().with_key(key).run().await;
    let mut setup = Setup::of(&server);
    // The session takes the only place: a cancel request needs none.
    setup.limits.max_connections = 1;
    let proxy = setup.start().await;
    let session = log_in(proxy.connect().await, &startup_of(version)).await;
    Stage {
        session: session.unwrap(),
        server,
        proxy,
    }
}

/// Cancels by `key` and checks that nothing reached the server but the session's connection.
async fn assert_ignored(stage: &Stage, key: &CancelKey) {
    stage.proxy.cancel(key).await;
    assert_eq!(stage.server.connections(), 1);
    assert_eq!(stage.proxy.metric("postgres_cancels_total"), 0);
}

#[tokio::test]
async fn the_clients_key_leads_to_the_servers() {
    let stage = stage().await;
    let key = stage.session.key();
    assert_eq!(key.process_id, servers_key().process_id);
    assert_ne!(key, servers_key(), "the secret stays with the proxy");
    stage.proxy.cancel(&key).await;
    assert_eq!(stage.server.cancel().await, servers_key());
    assert_eq!(stage.proxy.metric("postgres_cancels_total"), 1);
}

#[tokio::test]
async fn long_keys_of_3_2_lead_to_the_servers_long_key() {
    let long = CancelKey::new(7, (0..=255).collect());
    let stage = stage_of(Version::V3_2, long.clone()).await;
    let key = stage.session.key();
    assert_eq!((key.process_id, key.secret().len()), (7, 32));
    stage.proxy.cancel(&key).await;
    assert_eq!(stage.server.cancel().await, long);
}

#[tokio::test]
async fn two_sessions_have_two_secrets_even_if_their_process_ids_are_equal() {
    let server = Server::new().run().await;
    let proxy = Setup::of(&server).start().await;
    let (one, other) = (proxy.log_in().await.unwrap(), proxy.log_in().await.unwrap());
    assert_eq!(one.key().process_id, other.key().process_id);
    assert_ne!(one.key().secret(), other.key().secret());
}

#[tokio::test]
async fn a_server_without_a_key_leaves_the_client_without_one() {
    let server = Server::new().without_key().run().await;
    let proxy = Setup::of(&server).start().await;
    let session = proxy.log_in().await.unwrap();
    assert!(!session.tags().contains('K'), "{}", session.tags());
}

#[tokio::test]
async fn a_key_that_no_session_has_is_ignored() {
    let stage = stage().await;
    let key = stage.session.key();
    let mut other_secret = key.secret().to_vec();
    other_secret[0] ^= 1;
    let longer = [key.secret(), &[0]].concat();
    for key in [
        CancelKey::new(key.process_id, other_secret),
        CancelKey::new(key.process_id, longer),
        CancelKey::new(key.process_id ^ 1, key.secret().to_vec()),
        servers_key(),
    ] {
        assert_ignored(&stage, &key).await;
    }
    assert_eq!(stage.proxy.metric("postgres_cancels_unknown_total"), 4);
}

#[tokio::test]
async fn a_client_that_guesses_too_many_keys_is_not_heard_for_a_while() {
    let stage = stage().await;
    let key = stage.session.key();
    let guess = CancelKey::new(key.process_id, vec![0; 4]);
    let not_heard = async {
        loop {
            for _ in 0..50 {
                stage.proxy.cancel(&guess).await;
            }
            let passed_on = stage.proxy.metric("postgres_cancels_total");
            stage.proxy.cancel(&key).await;
            if stage.proxy.metric("postgres_cancels_total") == passed_on {
                return;
            }
        }
    };
    within("a limit on guesses", not_heard).await;
}

#[tokio::test]
async fn the_key_of_a_session_that_is_over_is_ignored() {
    let mut stage = stage().await;
    let key = stage.session.key();
    let mut upstream = stage.server.session().await;
    stage.session.wire.send(encoded(terminate)).await;
    upstream.messages_until(b'X').await;
    upstream.shut_down().await;
    assert_eq!(stage.session.wire.rest().await, "");
    stage.proxy.until_sessions_are(0).await;
    assert_ignored(&stage, &key).await;
}

#[tokio::test]
async fn a_cancel_request_may_come_over_tls() {
    let authority = LocalAuthority::generate().unwrap();
    let server = Server::new().run().await;
    let setup = Setup {
        client_tls: Some(authority.server_config(&["localhost"], &[ALPN]).unwrap()),
        ..Setup::of(&server)
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
async fn a_server_that_takes_no_cancel_request_does_not_keep_its_clients_waiting_and_is_logged_once()
 {
    let (log, _guard) = Log::capture();
    let server = Server::new().hangs_on_cancels().run().await;
    let mut setup = Setup::of(&server);
    setup.limits.login_timeout = SHORT * 5;
    let proxy = setup.start().await;
    let session = proxy.log_in().await.unwrap();
    for _ in 0..2 {
        proxy.cancel(&session.key()).await;
        assert_eq!(server.cancel().await, servers_key());
    }
    assert_eq!(proxy.metric("postgres_cancels_total"), 0);
    let text = log.text();
    let lines = text.matches("a cancel request could not be passed on");
    assert_eq!(lines.count(), 1, "{text}");
}

/// `localhost` stands for a cluster's name: first it has one instance that answers, then, as after
/// a failover, another one that is asked first.
#[tokio::test]
async fn a_cancel_request_goes_to_the_sessions_instance_not_to_the_name() {
    let session_at = Server::new().run().await;
    let port = session_at.address.port();
    let first_choice = SocketAddr::new(IpAddr::V6(Ipv6Addr::LOCALHOST), port);
    let found = lookup_host(("localhost", port)).await.unwrap();
    if !found.into_iter().any(|address| address == first_choice) {
        eprintln!("`localhost` has one address here, so that it can't move");
        return;
    }
    let setup = Setup {
        dial: ("localhost".to_owned(), port),
        ..Setup::of(&session_at)
    };
    let proxy = setup.start().await;
    let session = proxy.log_in().await.unwrap();
    let moved_to = Server::new().run_at(first_choice).await;
    proxy.cancel(&session.key()).await;
    assert_eq!(session_at.cancel().await, servers_key());
    assert_eq!(moved_to.connections(), 0);
    assert!(proxy.log_in().await.is_err(), "the name has moved on");
    assert_eq!(moved_to.connections(), 1);
}
