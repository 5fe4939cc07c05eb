//! A client or a proxy that goes before a login is over.

use irsa_pgwire::sqlstate::SqlState;
use tokio::task::yield_now;
use tokio::time::Instant;

use crate::client::{greeted, packet, startup};
use crate::proxy::{Proxy, Setup};
use crate::server::{RunningServer, Server, Step};
use crate::wire::{Wire, message, within};

/// A server that keeps its first client waiting, and a proxy that has room for one.
async fn stage() -> (RunningServer, Proxy) {
    let script = |login| match login {
        0 => vec![Step::Hang],
        _ => vec![Step::ask_for_password(), Step::Welcome],
    };
    let server = Server::new().on_login(script).run().await;
    let mut setup = Setup::of(&server);
    setup.limits.max_connections = 1;
    (server, setup.start().await)
}

/// A client whose login has come to the server.
async fn waiting_client(server: &RunningServer, proxy: &Proxy) -> Wire {
    let mut client = proxy.connect().await;
    client.send(packet(&startup())).await;
    let begun = async {
        while server.logins().is_empty() {
            yield_now().await;
        }
    };
    within("a login at the server", begun).await;
    client
}

#[tokio::test]
async fn a_client_that_leaves_during_its_login_gives_its_place_back() {
    let (server, proxy) = stage().await;
    drop(waiting_client(&server, &proxy).await);
    proxy.until_sessions_are(0).await;
    proxy.log_in().await.unwrap();
    assert_eq!(
        proxy.metric("postgres_refusals_total"),
        0,
        "nobody is to blame"
    );
}

#[tokio::test]
async fn a_client_that_asks_ahead_and_sends_no_more_gets_its_answer() {
    let server = Server::new().run().await;
    let proxy = Setup::of(&server).start().await;
    let mut client = proxy.connect().await;
    let query = message(b'Q', b"select 1\0");
    client
        .send([packet(&startup()), query.clone()].concat())
        .await;
    client.shut_down().await;
    let mut upstream = server.session().await;
    assert_eq!(upstream.rest().await, query, "and the end behind it");
    let answer = message(b'D', b"\0\0");
    upstream.send(&answer).await;
    upstream.shut_down().await;
    let mut session = greeted(client).await.unwrap();
    assert_eq!(session.wire.rest().await, answer);
    proxy.end().await;
}

#[tokio::test]
async fn a_login_that_is_cut_is_told_why() {
    let (server, proxy) = stage().await;
    let client = waiting_client(&server, &proxy).await;
    proxy.cut.start();
    let error = client.last_words().await;
    assert_eq!(error.code, SqlState::ADMIN_SHUTDOWN);
    proxy.end().await;
}

#[tokio::test]
async fn a_drain_does_not_wait_for_clients_that_say_nothing() {
    let server = Server::new().run().await;
    let setup = Setup::of(&server);
    let patience = setup.limits.startup_timeout;
    let proxy = setup.start().await;
    let silent = proxy.connect().await;
    proxy.until_sessions_are(1).await;
    let begun = Instant::now();
    proxy.end().await;
    assert!(begun.elapsed() < patience / 4, "{:?}", begun.elapsed());
    let error = silent.last_words().await;
    assert_eq!(error.code, SqlState::CANNOT_CONNECT_NOW);
}

#[tokio::test]
async fn a_drain_lets_a_client_finish_its_start_up() {
    let server = Server::new().run().await;
    let proxy = Setup::of(&server).start().await;
    let mut client = proxy.connect().await;
    proxy.until_sessions_are(1).await;
    proxy.drain.start();
    client.send(&packet(&startup())[..5]).await;
    client.send(&packet(&startup())[5..]).await;
    let session = greeted(client).await.unwrap();
    drop(session);
    drop(server.session().await);
    proxy.end().await;
}
