//! Clients that request much and read nothing, and the memory that the proxy needs for them. The proxy is a separate
//! process, so that its memory can be measured.

use std::net::SocketAddr;
use std::time::Duration;

use bytes::Bytes;
use http::Response;
use hyper::body::Frame;
use irsa_net::tls::{LocalAuthority, Roots};
use irsa_testing::child::{ChildProxy, Order, serve_until_parent_ends};
use tokio::net::TcpStream;
use tokio::time::{Instant, interval};

use crate::client::{Client, within};
use crate::domain::{Domain, Step};
use crate::h2_domain::{Frames, H2Domain};
use crate::proxy::Setup;

/// More than the kernel buffers between domain and client.
const LARGE: usize = 24 * 1024 * 1024;
/// The memory for each client that reads nothing, in bytes: data that hyper has read but not written, and the buffers
/// of TLS.
const MOST: u64 = 160 * 1024;
/// The time for which the proxy's memory must not change before it is measured.
const QUIET: Duration = Duration::from_secs(1);

struct ProxyProcess(ChildProxy);

// === impl ProxyProcess ===

impl ProxyProcess {
    async fn start(domain: SocketAddr, authority: &LocalAuthority) -> Self {
        let write_ca = |file: &_| authority.write_ca(file).unwrap();
        Self(ChildProxy::start("slow_readers::proxy", domain, write_ca).await)
    }

    /// Returns the memory of the proxy in bytes, once it no longer grows.
    async fn settled_memory(&self) -> u64 {
        let mut ticks = interval(Duration::from_millis(50));
        let (mut most, mut since) = (0, Instant::now());
        while since.elapsed() < QUIET {
            ticks.tick().await;
            let now = self.0.memory().own;
            if now > most {
                (most, since) = (now, Instant::now());
            }
        }
        most
    }

    /// Opens `count` connections that send requests and read only the head of the response.
    async fn send_requests_and_read_nothing(&self, count: usize) -> Vec<Client<TcpStream>> {
        let mut clients = Vec::new();
        for _ in 0..count {
            let mut client = Client(TcpStream::connect(self.0.address()).await.unwrap());
            client
                .send("GET / HTTP/1.1\r\nhost: localhost\r\n\r\n")
                .await;
            within("a head", client.read_head()).await.unwrap();
            clients.push(client);
        }
        clients
    }

    async fn check(&self, count: usize) {
        let warm = self.send_requests_and_read_nothing(1).await;
        let before = self.settled_memory().await;
        let clients = self.send_requests_and_read_nothing(count).await;
        let each = self.settled_memory().await.saturating_sub(before) / count as u64;
        assert!(each < MOST, "{each} bytes for each client");
        drop((warm, clients));
    }
}

#[tokio::test]
#[ignore = "the proxy that other tests start, not a test"]
async fn proxy() {
    let Some(order) = Order::from_parent() else {
        return;
    };
    let roots = Roots::from_pem_file(&order.ca_file).unwrap();
    let proxy = Setup::trusting(order.upstream, roots).start().await;
    serve_until_parent_ends(proxy.address()).await;
}

#[tokio::test]
async fn clients_that_do_not_read_need_little_memory_over_http_1() {
    let body = "x".repeat(LARGE / 2);
    let domain = Domain::answering(move |_| Step::ok(&body)).await;
    let proxy = ProxyProcess::start(domain.address, &domain.authority).await;
    proxy.check(12).await;
}

#[tokio::test]
async fn clients_that_do_not_read_need_little_memory_over_http_2() {
    let piece = Bytes::from(vec![b'x'; 16 * 1024]);
    let domain = H2Domain::answering(move |_| {
        let pieces = vec![piece.clone(); LARGE / piece.len()];
        let frames: Vec<_> = pieces.into_iter().map(Frame::data).collect();
        Response::new(Frames::new(frames))
    })
    .await;
    let proxy = ProxyProcess::start(domain.address, &domain.authority).await;
    proxy.check(64).await;
}
