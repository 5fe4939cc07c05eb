//! Tests of limits and deadlines on real sockets. Remote clients are simulated by address.

use std::net::SocketAddr;

use bytes::Bytes;
use http::{Request, Response, StatusCode};
use http_body_util::Full;
use hyper::body::Incoming;
use irsa_net::drain::{Drain, drain};
use irsa_net::listen::{Accepted, ListenOptions, Listener};
use prometheus_client::metrics::counter::Counter;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::sync::Notify;

use super::super::connection::Service;
use super::super::{Admission, Client, IdleTimeout, StreamingOptions, Tls, serve_streaming, text};
use super::*;

const REQUEST: &[u8] = b"GET / HTTP/1.1\r\nHost: x\r\n\r\n";
const SHORT: Duration = Duration::from_millis(300);
const LONG: Duration = Duration::from_mins(1);
/// More than the buffers of two sockets.
const LARGE: usize = 64 * 1024 * 1024;

type Answer = Response<Full<Bytes>>;

struct Server {
    address: SocketAddr,
    drain: Drain,
}

impl Server {
    async fn start<F, Fut>(options: StreamingOptions, handler: F) -> Self
    where
        F: Fn(Request<Incoming>, Client) -> Fut + Send + Sync + 'static,
        Fut: Future<Output = Answer> + Send + 'static,
    {
        let listener = listener().await;
        let address = address(&listener);
        let (drain, watch) = drain();
        tokio::spawn(serve_streaming(listener, options, handler, watch));
        Self { address, drain }
    }

    async fn connect(&self) -> TcpStream {
        TcpStream::connect(self.address).await.unwrap()
    }
}

fn options(connections: &Connections) -> StreamingOptions {
    StreamingOptions {
        tls: Tls::Off,
        header_timeout: LONG,
        idle_timeout: IdleTimeout::same(LONG),
        total_timeout: None,
        connections: connections.clone(),
        malformed: Counter::default(),
    }
}

async fn listener() -> Listener {
    let address = "127.0.0.1:0".parse().unwrap();
    Listener::bind(&address, ListenOptions::default())
        .await
        .unwrap()
}

fn address(listener: &Listener) -> SocketAddr {
    ([127, 0, 0, 1], listener.port().unwrap()).into()
}

async fn ok(_: Request<Incoming>, _: Client) -> Answer {
    text(StatusCode::OK, "ok").map(Full::new)
}

/// Sends a request and reads a response that ends in `ok`.
async fn ask(stream: &mut TcpStream) -> String {
    stream.write_all(REQUEST).await.unwrap();
    answer(stream).await
}

async fn answer(stream: &mut TcpStream) -> String {
    let mut read = Vec::new();
    while !read.ends_with(b"ok\n") {
        read.push(soon(stream.read_u8()).await.unwrap());
    }
    String::from_utf8(read).unwrap()
}

async fn ends(stream: &mut TcpStream) -> String {
    let mut rest = Vec::new();
    while soon(stream.read_buf(&mut rest))
        .await
        .is_ok_and(|read| read > 0)
    {}
    String::from_utf8(rest).unwrap()
}

async fn soon<T>(future: impl Future<Output = T>) -> T {
    timeout(Duration::from_secs(20), future).await.unwrap()
}

#[tokio::test]
async fn closes_the_longest_idle_connection_for_a_new_one() {
    let server = Server::start(options(&Connections::new(2)), ok).await;
    let (mut first, mut second) = (server.connect().await, server.connect().await);
    ask(&mut first).await;
    ask(&mut second).await;
    ask(&mut first).await;

    let mut third = server.connect().await;
    ask(&mut third).await;

    assert_eq!(ends(&mut second).await, "");
    ask(&mut first).await;
}

#[tokio::test]
async fn a_response_closes_its_connection_for_a_waiting_client() {
    let connections = Connections::new(1);
    let (begun, may_end) = (Arc::new(Notify::new()), Arc::new(Notify::new()));
    let (begins, end) = (Arc::clone(&begun), Arc::clone(&may_end));
    let server = Server::start(options(&connections), move |request, client| {
        let (begins, end) = (Arc::clone(&begins), Arc::clone(&end));
        async move {
            begins.notify_one();
            end.notified().await;
            ok(request, client).await
        }
    })
    .await;
    let mut first = server.connect().await;
    first.write_all(REQUEST).await.unwrap();
    soon(begun.notified()).await;
    let mut second = server.connect().await;
    second.write_all(REQUEST).await.unwrap();
    let waits = async {
        while !connections.shared.is_wanted.load(Ordering::Relaxed) {
            tokio::task::yield_now().await;
        }
    };
    soon(waits).await;

    may_end.notify_one();

    let first = ends(&mut first).await;
    assert!(first.contains("\r\nconnection: close\r\n"), "{first}");
    soon(begun.notified()).await;
    may_end.notify_one();
    answer(&mut second).await;
}

#[tokio::test]
async fn closes_the_oldest_connection_if_none_is_idle() {
    let server = Server::start(
        options(&Connections::cutting_oldest(2)),
        |request, client| async move {
            if request.uri().path() == "/never" {
                std::future::pending::<()>().await;
            }
            ok(request, client).await
        },
    )
    .await;
    let mut busy = Vec::new();
    for _ in 0..2 {
        let mut stream = server.connect().await;
        let request = b"GET /never HTTP/1.1\r\nHost: x\r\n\r\n";
        stream.write_all(request).await.unwrap();
        busy.push(stream);
    }

    ask(&mut server.connect().await).await;

    assert_eq!(ends(&mut busy[0]).await, "");
}

#[tokio::test]
async fn incomplete_headers_do_not_close_idle_connections() {
    let mut options = options(&Connections::new(9));
    options.header_timeout = SHORT;
    let server = Server::start(options, ok).await;
    let mut idle = server.connect().await;
    ask(&mut idle).await;
    let mut begun = server.connect().await;
    begun.write_all(b"GET / HTTP/1.1\r\n").await.unwrap();

    assert_eq!(ends(&mut begun).await, "");

    ask(&mut idle).await;
}

#[tokio::test]
async fn closes_a_connection_that_is_idle_for_too_long() {
    let mut options = options(&Connections::new(9));
    options.idle_timeout.local = SHORT;
    let server = Server::start(options, ok).await;
    let mut idle = server.connect().await;
    ask(&mut idle).await;
    assert_eq!(ends(&mut idle).await, "");
    assert_eq!(ends(&mut server.connect().await).await, "");
}

#[tokio::test]
async fn announces_the_idle_timeout_less_five_seconds() {
    let server = Server::start(options(&Connections::new(9)), ok).await;
    let kept = ask(&mut server.connect().await).await;
    assert!(kept.contains("\r\nkeep-alive: timeout=55\r\n"), "{kept}");

    let mut options = options(&Connections::new(9));
    options.idle_timeout = IdleTimeout::same(Duration::from_secs(10));
    let server = Server::start(options, ok).await;
    let short = ask(&mut server.connect().await).await;
    assert!(!short.contains("keep-alive"), "{short}");
}

#[tokio::test]
async fn a_client_that_does_not_read_is_disconnected_after_the_total_timeout() {
    let mut options = options(&Connections::new(9));
    options.total_timeout = Some(SHORT);
    let begun = Arc::new(Notify::new());
    let begins = Arc::clone(&begun);
    let server = Server::start(options, move |_, _| {
        begins.notify_one();
        async { Response::new(Full::from(vec![b'x'; LARGE])) }
    })
    .await;
    let mut stream = server.connect().await;
    stream.write_all(REQUEST).await.unwrap();
    soon(begun.notified()).await;
    server.drain.start();
    soon(server.drain.finished()).await;
}

/// A server whose clients have the address of a different machine.
struct Remote<F> {
    service: Arc<Service<F>>,
    listener: Listener,
}

impl<F, Fut> Remote<F>
where
    F: Fn(Request<Incoming>, Client) -> Fut + Send + Sync + 'static,
    Fut: Future<Output = Answer> + Send + 'static,
{
    async fn start(options: StreamingOptions, handler: F) -> Self {
        let (drain, watch) = drain();
        // A dropped drain counts as started.
        std::mem::forget(drain);
        let service = Arc::new(Service {
            handler,
            options,
            drain: watch,
        });
        Self {
            service,
            listener: listener().await,
        }
    }

    /// Connects from this address. Returns `None` if the client is disconnected without a response.
    async fn connect(&self, from: &str) -> Option<TcpStream> {
        let (client, accepted) = tokio::join!(
            TcpStream::connect(address(&self.listener)),
            self.listener.accept()
        );
        let Accepted { stream, .. } = accepted.unwrap();
        let peer = Peer::Tcp((from.parse::<std::net::IpAddr>().unwrap(), 9).into());
        let listed = self.service.options.connections.admit(&peer).await?;
        let service = Arc::clone(&self.service);
        tokio::spawn(async move { service.connection(Accepted { stream, peer }, listed).await });
        client.ok()
    }
}

/// Authenticates clients that request `/in`.
async fn gate(request: Request<Incoming>, client: Client) -> Answer {
    let admission = request.extensions().get::<Admission>().cloned();
    let status = match admission {
        Some(admission) if admission.is_refused() => StatusCode::SERVICE_UNAVAILABLE,
        Some(_) if request.uri().path() != "/in" => StatusCode::UNAUTHORIZED,
        Some(admission) if admission.authenticated().await.is_err() => {
            StatusCode::TOO_MANY_REQUESTS
        }
        _ => StatusCode::OK,
    };
    let mut response = ok(request, client).await;
    *response.status_mut() = status;
    response
}

async fn log_in(stream: &mut TcpStream) -> String {
    let request = b"GET /in HTTP/1.1\r\nHost: x\r\n\r\n";
    stream.write_all(request).await.unwrap();
    answer(stream).await
}

#[tokio::test]
async fn unauthenticated_clients_do_not_occupy_slots_of_others() {
    let refused = Counter::default();
    let strangers = UnauthenticatedLimit::new(2);
    let connections = Connections::with_authentication(1, strangers, refused.clone());
    let server = Remote::start(options(&connections), gate).await;
    let mut first = server.connect("10.0.0.1").await.unwrap();
    let mut second = server.connect("10.0.0.2").await.unwrap();
    for stream in [&mut first, &mut second] {
        assert!(ask(stream).await.starts_with("HTTP/1.1 401 "));
    }
    assert_eq!(connections.in_use(), 0);

    let mut third = server.connect("10.0.0.3").await.unwrap();
    third.write_all(REQUEST).await.unwrap();
    let third = ends(&mut third).await;
    assert!(third.starts_with("HTTP/1.1 503 "), "{third}");
    assert!(third.contains("connection: close"), "{third}");
    assert_eq!(refused.get(), 1);
    let mut local = server.connect("127.0.0.1").await.unwrap();
    assert!(ask(&mut local).await.starts_with("HTTP/1.1 200 "));

    // The local client is idle, so its connection is closed; that of the client that sends a request stays.
    assert!(log_in(&mut first).await.starts_with("HTTP/1.1 200 "));
    assert_eq!(ends(&mut local).await, "");
    assert_eq!(connections.in_use(), 1);
    let mut fourth = server.connect("10.0.0.3").await.unwrap();
    assert!(ask(&mut fourth).await.starts_with("HTTP/1.1 401 "));
}

#[tokio::test]
async fn the_time_to_authenticate_is_limited_whether_the_client_reads_or_not() {
    let connections =
        Connections::with_authentication(9, UnauthenticatedLimit::new(9), Counter::default());
    let mut options = options(&connections);
    options.header_timeout = SHORT;
    let server = Remote::start(options, gate).await;
    let mut inside = server.connect("10.0.0.1").await.unwrap();
    log_in(&mut inside).await;
    let mut outside = server.connect("10.0.0.1").await.unwrap();
    ask(&mut outside).await;
    let deaf = server.connect("10.0.0.1").await.unwrap();
    let mut requests = deaf;
    let flood = async { while requests.write_all(&REQUEST.repeat(1_000)).await.is_ok() {} };

    soon(flood).await;

    assert_eq!(ends(&mut outside).await, "");
    log_in(&mut inside).await;
}

#[tokio::test]
async fn excess_clients_are_disconnected_without_a_response() {
    let refused = Counter::default();
    let strangers = UnauthenticatedLimit::new(0);
    let connections = Connections::with_authentication(9, strangers, refused.clone());
    let server = Remote::start(options(&connections), gate).await;
    let mut told = Vec::new();
    for _ in 0..MAX_REFUSALS {
        told.push(server.connect("10.0.0.1").await.unwrap());
    }
    assert!(server.connect("10.0.0.1").await.is_none());
    assert_eq!(refused.get(), MAX_REFUSALS as u64 + 1);
}
