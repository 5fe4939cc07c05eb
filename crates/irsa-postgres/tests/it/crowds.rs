//! More clients than there is room for, and clients that only look in.

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

/// Clients that connect and say nothing; fewer where the limit of open files leaves no room.
const CROWD: usize = 10_000;
/// What each of them may cost the proxy, in bytes.
const COST: u64 = 6 * 1024;

async fn proxy_for(max_connections: usize) -> (RunningServer, Proxy) {
    let server = Server::new().run().await;
    let mut setup = Setup::of(&server);
    setup.limits.max_connections = max_connections;
    let proxy = setup.start().await;
    (server, proxy)
}

#[tokio::test]
async fn one_client_too_many_is_refused_until_another_leaves() {
    let (server, proxy) = proxy_for(2).await;
    let (one, _other) = (proxy.log_in().await.unwrap(), proxy.log_in().await.unwrap());
    let error = proxy.refusal().await;
    assert_eq!(error.code, SqlState::TOO_MANY_CONNECTIONS);
    assert!(error.message.contains("(limit 2)"), "{error:?}");
    assert!(error.hint.unwrap().contains("--max-connections"));
    assert_eq!(server.connections(), 2, "the server is spared");

    drop(one.wire);
    drop(server.session().await);
    proxy.until_sessions_are(1).await;
    proxy.log_in().await.unwrap();
}

#[tokio::test]
async fn clients_that_say_nothing_take_nobodys_place() {
    let (_server, proxy) = proxy_for(1).await;
    let mut silent = Vec::new();
    for _ in 0..10 {
        silent.push(proxy.connect().await);
    }
    proxy.until_sessions_are(10).await;
    proxy.log_in().await.unwrap();
}

#[tokio::test]
async fn a_refused_client_gives_its_place_back() {
    let (_server, proxy) = proxy_for(1).await;
    for _ in 0..3 {
        let mut nobody = startup();
        nobody.version.major = 9;
        assert!(log_in(proxy.connect().await, &nobody).await.is_err());
        proxy.until_sessions_are(0).await;
    }
    proxy.log_in().await.unwrap();
}

#[tokio::test]
async fn a_crowd_that_says_nothing_costs_little_and_keeps_nobody_out() {
    let room = raise_open_files().unwrap().now.unwrap_or(u64::MAX);
    let crowd = CROWD.min(usize::try_from(room / 2).unwrap_or(CROWD));
    if crowd < CROWD {
        println!("{crowd} clients only: {room} open files are allowed");
    }
    let server = Server::new().run().await;
    let proxy = proxy_process(&server).await;
    let _first = visit(&proxy).await;
    let before = proxy.memory().own;
    let mut silent = Vec::with_capacity(crowd);
    for _ in 0..crowd {
        let stream = TcpStream::connect(proxy.address()).await.unwrap();
        // So that a crowd's ports are free again at once.
        SockRef::from(&stream)
            .set_linger(Some(Duration::ZERO))
            .unwrap();
        silent.push(stream);
    }
    // Accepted in their order, so the crowd is in when this one is served.
    let _last = visit(&proxy).await;
    let cost = (proxy.memory().own - before) / crowd as u64;
    assert!(cost < COST, "{cost} bytes each");
}

async fn visit(proxy: &ChildProxy) -> Session {
    let stream = TcpStream::connect(proxy.address()).await.unwrap();
    log_in(Wire::new(stream), &startup()).await.unwrap()
}
