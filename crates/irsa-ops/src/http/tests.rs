//! Tests of the server on real sockets.

use irsa_net::drain::{Drain, drain};
use irsa_net::listen::ListenOptions;
use irsa_net::tls::{LocalAuthority, Roots, client_config};
use irsa_net::tokio_rustls::TlsConnector;
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::sync::Notify;
use tokio::task::JoinHandle;

use super::*;

struct Server {
    port: u16,
    drain: Drain,
    serving: JoinHandle<()>,
}

impl Server {
    async fn start<F, Fut>(
        options: ServeOptions,
        tls: Option<Arc<ServerConfig>>,
        handler: F,
    ) -> Self
    where
        F: Fn(Request<Bytes>, Peer) -> Fut + Send + Sync + 'static,
        Fut: Future<Output = Response<Bytes>> + Send + 'static,
    {
        let address = "127.0.0.1:0".parse().unwrap();
        let listener = Listener::bind(&address, ListenOptions::default())
            .await
            .unwrap();
        let port = listener.port().unwrap();
        let (drain, watch) = drain();
        let serving = tokio::spawn(serve_with(listener, tls, options, handler, watch));
        Self {
            port,
            drain,
            serving,
        }
    }

    /// Starts a server that returns the method, the path and the body.
    async fn echo(options: ServeOptions) -> Self {
        Self::start(options, None, |request: Request<Bytes>, _| async move {
            let body = String::from_utf8_lossy(request.body()).into_owned();
            let (method, path) = (request.method(), request.uri().path());
            text(StatusCode::OK, format_args!("{method} {path} {body}"))
        })
        .await
    }

    async fn connect(&self) -> TcpStream {
        TcpStream::connect(("127.0.0.1", self.port)).await.unwrap()
    }

    /// Sends a request and reads to the end.
    async fn talk(&self, request: &str) -> String {
        talk(self.connect().await, request).await
    }
}

async fn talk(mut stream: impl AsyncRead + AsyncWrite + Unpin, request: &str) -> String {
    stream.write_all(request.as_bytes()).await.unwrap();
    to_end(stream).await
}

async fn to_end(mut stream: impl AsyncRead + Unpin) -> String {
    let mut answer = String::new();
    stream.read_to_string(&mut answer).await.unwrap();
    answer
}

fn quick() -> ServeOptions {
    ServeOptions {
        header_timeout: Duration::from_millis(300),
        body_timeout: Duration::from_millis(300),
        ..ServeOptions::default()
    }
}

#[tokio::test]
async fn hands_the_whole_request_to_the_handler() {
    let server = Server::echo(ServeOptions::default()).await;
    let answer = server
        .talk("POST /a HTTP/1.1\r\nHost: x\r\nContent-Length: 4\r\nConnection: close\r\n\r\nbody")
        .await;
    assert!(answer.starts_with("HTTP/1.1 200 OK\r\n"), "{answer}");
    assert!(answer.ends_with("\r\n\r\nPOST /a body\n"), "{answer}");
}

#[tokio::test]
async fn a_head_response_has_a_length_and_no_body() {
    let server = Server::echo(ServeOptions::default()).await;
    let answer = server
        .talk("HEAD /a HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")
        .await;
    assert!(answer.contains("content-length: 9\r\n"), "{answer}");
    assert!(answer.ends_with("\r\n\r\n"), "{answer}");
}

#[tokio::test]
async fn rejects_a_body_whose_length_is_too_large() {
    let options = ServeOptions {
        max_body: 10,
        ..ServeOptions::default()
    };
    let server = Server::echo(options).await;
    let answer = server
        .talk("POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 11\r\nExpect: 100-continue\r\n\r\n")
        .await;
    assert!(answer.starts_with("HTTP/1.1 413 "), "{answer}");
}

#[tokio::test]
async fn rejects_a_chunked_body_that_becomes_too_large() {
    let options = ServeOptions {
        max_body: 10,
        ..ServeOptions::default()
    };
    let server = Server::echo(options).await;
    let head = "POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n";
    let answer = server
        .talk(&format!("{head}8\r\n12345678\r\n3\r\n123\r\n"))
        .await;
    assert!(answer.starts_with("HTTP/1.1 413 "), "{answer}");
}

#[tokio::test]
async fn accepts_a_body_of_exactly_the_limit() {
    let options = ServeOptions {
        max_body: 4,
        ..ServeOptions::default()
    };
    let server = Server::echo(options).await;
    let answer = server
        .talk("POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 4\r\nConnection: close\r\n\r\nbody")
        .await;
    assert!(answer.starts_with("HTTP/1.1 200 "), "{answer}");
}

#[tokio::test]
async fn a_slow_body_times_out() {
    let server = Server::echo(quick()).await;
    let answer = server
        .talk("POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 4\r\n\r\nbo")
        .await;
    assert!(answer.starts_with("HTTP/1.1 408 "), "{answer}");
}

#[tokio::test]
async fn slow_headers_time_out() {
    let server = Server::echo(quick()).await;
    let answer = server.talk("GET / HTTP/1.1\r\nHost:").await;
    assert!(!answer.contains("200 OK"), "{answer}");
}

#[tokio::test]
async fn an_idle_connection_is_closed() {
    let server = Server::echo(quick()).await;
    let answer = server.talk("GET /a HTTP/1.1\r\nHost: x\r\n\r\n").await;
    assert!(answer.ends_with("GET /a \n"), "{answer}");
}

#[tokio::test]
async fn a_client_that_never_starts_tls_times_out() {
    let authority = LocalAuthority::generate().unwrap();
    let tls = authority.server_config(&["localhost"], &[]).unwrap();
    let server = Server::start(quick(), Some(tls), |_, _| async {
        text(StatusCode::OK, "unreachable")
    })
    .await;
    assert_eq!(to_end(server.connect().await).await, "");
}

#[tokio::test]
async fn serves_over_tls() {
    let folder = tempfile::TempDir::new().unwrap();
    let ca = folder.path().join("ca.pem");
    let authority = LocalAuthority::generate().unwrap();
    authority.write_ca(&ca).unwrap();
    let tls = authority.server_config(&["localhost"], &[]).unwrap();
    let server = Server::start(ServeOptions::default(), Some(tls), |_, _| async {
        text(StatusCode::OK, "over TLS")
    })
    .await;

    let client = client_config(&Roots::from_pem_file(&ca).unwrap(), &[]).unwrap();
    let name = "localhost".try_into().unwrap();
    let stream = TlsConnector::from(client)
        .connect(name, server.connect().await)
        .await
        .unwrap();
    let answer = talk(
        stream,
        "GET / HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n",
    )
    .await;
    assert!(answer.ends_with("over TLS\n"), "{answer}");
}

#[tokio::test]
async fn a_drain_waits_for_requests_in_progress() {
    let (begun, may_end) = (Arc::new(Notify::new()), Arc::new(Notify::new()));
    let (begins, end) = (Arc::clone(&begun), Arc::clone(&may_end));
    let server = Server::start(ServeOptions::default(), None, move |_, _| {
        let (begins, end) = (Arc::clone(&begins), Arc::clone(&end));
        async move {
            begins.notify_one();
            end.notified().await;
            text(StatusCode::OK, "done")
        }
    })
    .await;
    let idle = server.connect().await;
    let mut busy = server.connect().await;
    busy.write_all(b"GET / HTTP/1.1\r\nHost: x\r\n\r\n")
        .await
        .unwrap();
    begun.notified().await;

    server.drain.start();

    assert_eq!(to_end(idle).await, "");
    assert!(!server.serving.is_finished());
    may_end.notify_one();
    assert!(to_end(busy).await.ends_with("done\n"));
    server.serving.await.unwrap();
    server.drain.finished().await;
    TcpStream::connect(("127.0.0.1", server.port))
        .await
        .unwrap_err();
}

#[tokio::test]
async fn the_handler_gets_the_peer() {
    let server = Server::start(ServeOptions::default(), None, |_, peer| async move {
        text(StatusCode::OK, format_args!("{peer:?}"))
    })
    .await;
    let stream = server.connect().await;
    let expected = format!("{:?}\n", Peer::Tcp(stream.local_addr().unwrap()));
    let answer = talk(
        stream,
        "GET / HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n",
    )
    .await;
    assert!(answer.ends_with(&expected), "{answer}");
}
