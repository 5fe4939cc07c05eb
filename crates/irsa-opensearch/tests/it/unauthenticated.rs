//! The memory that clients need which never authenticate. The proxy is a separate process, so that its memory can be
//! measured.

use std::sync::Arc;
use std::time::Duration;

use irsa_net::limit::raise_open_files;
use irsa_net::tls::{LocalAuthority, MAX_CLIENT_HELLO, Roots};
use irsa_testing::child::{ChildProxy, Order, serve_until_parent_ends};
use irsa_testing::incomplete_client_hello;
use tokio::io::AsyncWriteExt as _;
use tokio::net::TcpStream;
use tokio::time::timeout;

use crate::client::Client;
use crate::domain::Domain;
use crate::guards::OnlyZeebe;
use crate::proxy::Setup;

const REQUEST: &str = "GET / HTTP/1.1\r\nhost: localhost\r\n\r\n";
/// The number of requests that a client sends without reading a response: their responses are larger than what the
/// kernel buffers.
const PIPELINED: usize = 100_000;
/// The memory for a client that reads nothing, in bytes: hyper's buffers for requests and responses.
const BUFFERS: u64 = 160 * 1024;

#[tokio::test]
#[ignore = "the proxy that other tests start, not a test"]
async fn proxy() {
    let Some(order) = Order::from_parent() else {
        return;
    };
    let roots = Roots::from_pem_file(&order.ca_file).unwrap();
    let authority = LocalAuthority::generate().unwrap();
    let mut setup = Setup::trusting(order.upstream, roots);
    setup.client_tls = Some(authority.server_config(&["localhost"], &[]).unwrap());
    setup.client_auth.passwords = Some(Arc::new(OnlyZeebe));
    let proxy = setup.start().await;
    serve_until_parent_ends(proxy.address()).await;
}

/// Starts the proxy, and sends a request that it refuses.
async fn warm_proxy(domain: &Domain) -> ChildProxy {
    raise_open_files().unwrap();
    let write_ca = |file: &_| domain.authority.write_ca(file).unwrap();
    let proxy = ChildProxy::start("unauthenticated::proxy", domain.address, write_ca).await;
    refused(&proxy).await;
    proxy
}

async fn refused(proxy: &ChildProxy) {
    let mut client = Client(TcpStream::connect(proxy.address()).await.unwrap());
    assert_eq!(client.ask(REQUEST).await.status(), 401);
}

/// Returns by how much each of `count` clients that send `bytes` and read nothing raises the peak of the memory.
async fn memory_for_each(proxy: &ChildProxy, count: usize, bytes: &[u8]) -> u64 {
    let before = proxy.memory().peak;
    let mut clients = Vec::new();
    for _ in 0..count {
        let mut client = TcpStream::connect(proxy.address()).await.unwrap();
        send_until_blocked(&mut client, bytes).await;
        clients.push(client);
        refused(proxy).await;
    }
    (proxy.memory().peak - before) / count as u64
}

/// Sends until nothing more is read, or the proxy closes the connection.
async fn send_until_blocked(client: &mut TcpStream, bytes: &[u8]) {
    let blocked = Duration::from_millis(100);
    let _ = timeout(blocked, client.write_all(bytes)).await;
}

#[tokio::test]
async fn incomplete_client_hellos_need_bounded_memory() {
    let domain = Domain::start().await;
    let proxy = warm_proxy(&domain).await;
    let each = memory_for_each(&proxy, 500, &incomplete_client_hello(60_000)).await;
    assert!(
        each < MAX_CLIENT_HELLO as u64 + BUFFERS,
        "{each} bytes each"
    );
}

#[tokio::test]
async fn responses_that_are_not_read_need_bounded_memory() {
    let domain = Domain::start().await;
    let proxy = warm_proxy(&domain).await;
    let each = memory_for_each(&proxy, 50, REQUEST.repeat(PIPELINED).as_bytes()).await;
    assert!(each < BUFFERS, "{each} bytes each");
    assert!(domain.seen().is_empty());
}
