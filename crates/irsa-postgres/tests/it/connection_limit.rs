//! The connection limit, and clients that connect without sending anything.

use std::time::Duration;

use irsa_net::limit::raise_open_files;
use irsa_pgwire::sqlstate::SqlState;
use irsa_testing::child::ChildProxy;
use socket2::SockRef;
use tokio::net::TcpStream;

use crate::client::{Session, log_in, startup};
use crate::process::proxy_process;
use crate::proxy::{Proxy, Setup};
use crate::server::{RunningServer, Server};
use crate::wire::Wire;

/// The number of clients that connect and send nothing, unless the limit of open files is lower.
const CLIENTS: usize = 10_000;
/// The maximum memory per client in the proxy, in bytes.
const COST: u64 = 6 * 1024;

async fn proxy_for(max_connections: usize) -> (RunningServer, Proxy) {
    let server = Server::new().run().await;
    let mut setup = Setup::for_server(&server);
    setup.limits.max_connections = max_connections;
    let proxy = setup.start().await;
    (server, proxy)
}

#[tokio::test]
async fn a_client_above_the_limit_is_refused_until_another_leaves() {
    let (server, proxy) = proxy_for(2).await;
    let (one, _other) = (proxy.log_in().await.unwrap(), proxy.log_in().await.unwrap());
    let error = proxy.refusal().await;
    assert_eq!(error.code, SqlState::TOO_MANY_CONNECTIONS);
    assert!(error.message.contains("(limit 2)"), "{error:?}");
    assert!(error.hint.unwrap().contains("--max-connections"));
    assert_eq!(server.connections(), 2, "irsa does not contact the server");

    drop(one.wire);
    drop(server.session().await);
    proxy.until_sessions_are(1).await;
    proxy.log_in().await.unwrap();
}

#[tokio::test]
async fn silent_clients_do_not_count_toward_the_limit() {
    let (_server, proxy) = proxy_for(1).await;
    let mut silent = Vec::new();
    for _ in 0..10 {
        silent.push(proxy.connect().await);
    }
    proxy.until_sessions_are(10).await;
    proxy.log_in().await.unwrap();
}

#[tokio::test]
async fn a_refused_client_releases_its_connection() {
    let (_server, proxy) = proxy_for(1).await;
    for _ in 0..3 {
        let mut unsupported = startup();
        unsupported.version.major = 9;
        assert!(log_in(proxy.connect().await, &unsupported).await.is_err());
        proxy.until_sessions_are(0).await;
    }
    proxy.log_in().await.unwrap();
}

#[tokio::test]
async fn ten_thousand_silent_clients_need_little_memory_and_lock_no_one_out() {
    let limit = raise_open_files().unwrap().now.unwrap_or(u64::MAX);
    let clients = CLIENTS.min(usize::try_from(limit / 2).unwrap_or(CLIENTS));
    if clients < CLIENTS {
        println!("only {clients} clients: the limit of open files is {limit}");
    }
    let server = Server::new().run().await;
    let proxy = proxy_process(&server).await;
    let _first = visit(&proxy).await;
    let before = proxy.memory().own;
    let mut silent = Vec::with_capacity(clients);
    for _ in 0..clients {
        let stream = TcpStream::connect(proxy.address()).await.unwrap();
        // Makes the ports available again immediately.
        SockRef::from(&stream)
            .set_linger(Some(Duration::ZERO))
            .unwrap();
        silent.push(stream);
    }
    // Connections are accepted in order, so all silent clients are connected when this one is served.
    let _last = visit(&proxy).await;
    let cost = (proxy.memory().own - before) / clients as u64;
    assert!(cost < COST, "{cost} bytes each");
}

async fn visit(proxy: &ChildProxy) -> Session {
    let stream = TcpStream::connect(proxy.address()).await.unwrap();
    log_in(Wire::new(stream), &startup()).await.unwrap()
}
