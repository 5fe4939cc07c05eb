//! Clients that disconnect, and proxies that shut down, before a login is complete.

use irsa_pgwire::sqlstate::SqlState;
use tokio::task::yield_now;

use crate::client::{greeted, packet, startup};
use crate::proxy::{Proxy, Setup};
use crate::server::{RunningServer, Server, Step};
use crate::wire::{Wire, message, within};

/// A server that never answers its first client, and a proxy with a limit of one connection.
async fn fixture() -> (RunningServer, Proxy) {
    let script = |login| match login {
        0 => vec![Step::Hang],
        _ => vec![Step::ask_for_password(), Step::AcceptLogin],
    };
    let server = Server::new().on_login(script).run().await;
    let mut setup = Setup::for_server(&server);
    setup.limits.max_connections = 1;
    (server, setup.start().await)
}

/// A client whose login has reached the server.
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
async fn a_client_that_disconnects_during_its_login_releases_its_connection() {
    let (server, proxy) = fixture().await;
    drop(waiting_client(&server, &proxy).await);
    proxy.until_sessions_are(0).await;
    proxy.log_in().await.unwrap();
    assert_eq!(
        proxy.metric("postgres_refusals_total"),
        0,
        "this is not a refusal"
    );
}

#[tokio::test]
async fn a_client_that_sends_a_query_early_and_closes_its_sending_half_gets_the_response() {
    let server = Server::new().run().await;
    let proxy = Setup::for_server(&server).start().await;
    let mut client = proxy.connect().await;
    let query = message(b'Q', b"select 1\0");
    client
        .send([packet(&startup()), query.clone()].concat())
        .await;
    client.shut_down().await;
    let mut upstream = server.session().await;
    assert_eq!(upstream.rest().await, query, "followed by the end");
    let answer = message(b'D', b"\0\0");
    upstream.send(&answer).await;
    upstream.shut_down().await;
    let mut session = greeted(client).await.unwrap();
    assert_eq!(session.wire.rest().await, answer);
    proxy.end().await;
}

#[tokio::test]
async fn a_client_whose_login_is_terminated_gets_the_reason() {
    let (server, proxy) = fixture().await;
    let client = waiting_client(&server, &proxy).await;
    proxy.terminate.start();
    let error = client.final_error().await;
    assert_eq!(error.code, SqlState::ADMIN_SHUTDOWN);
    proxy.end().await;
}

#[tokio::test]
async fn a_drain_does_not_wait_for_silent_clients() {
    let server = Server::new().run().await;
    let setup = Setup::for_server(&server);
    let proxy = setup.start().await;
    let silent = proxy.connect().await;
    proxy.until_sessions_are(1).await;
    proxy.end().await;
    // After the startup timeout it would be a different error.
    let error = silent.final_error().await;
    assert_eq!(error.code, SqlState::CANNOT_CONNECT_NOW);
}

#[tokio::test]
async fn a_drain_lets_a_client_complete_its_startup() {
    let server = Server::new().run().await;
    let proxy = Setup::for_server(&server).start().await;
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
