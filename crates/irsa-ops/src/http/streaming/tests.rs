//! Tests of streamed bodies, and of TLS detection by the first byte.

use std::convert::Infallible;
use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Duration;

use http_body_util::{BodyExt, Empty, Full};
use hyper::body::Frame;
use irsa_net::drain::{Drain, drain};
use irsa_net::listen::ListenOptions;
use irsa_net::tls::{LocalAuthority, Roots, client_config};
use irsa_net::tokio_rustls::TlsConnector;
use prometheus_client::metrics::counter::Counter;
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use tokio::net::TcpStream;

use super::super::{IdleTimeout, Tls};
use super::*;

const REQUEST: &str = "GET / HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n";

async fn serving<F, Fut, B>(tls: Tls, handler: F) -> (TcpStream, Drain)
where
    F: Fn(Request<Incoming>, Client) -> Fut + Send + Sync + 'static,
    Fut: Future<Output = Response<B>> + Send + 'static,
    B: Body<Data = Bytes> + Send + Unpin + 'static,
    B::Error: Into<Box<dyn Error + Send + Sync>>,
{
    serving_counted(tls, Counter::default(), handler).await
}

async fn serving_counted<F, Fut, B>(tls: Tls, malformed: Counter, handler: F) -> (TcpStream, Drain)
where
    F: Fn(Request<Incoming>, Client) -> Fut + Send + Sync + 'static,
    Fut: Future<Output = Response<B>> + Send + 'static,
    B: Body<Data = Bytes> + Send + Unpin + 'static,
    B::Error: Into<Box<dyn Error + Send + Sync>>,
{
    let address = "127.0.0.1:0".parse().unwrap();
    let listener = Listener::bind(&address, ListenOptions::default())
        .await
        .unwrap();
    let port = listener.port().unwrap();
    let options = StreamingOptions {
        tls,
        header_timeout: Duration::from_secs(10),
        idle_timeout: IdleTimeout::same(Duration::from_secs(10)),
        total_timeout: None,
        connections: Connections::new(10),
        malformed,
    };
    let (drain, watch) = drain();
    tokio::spawn(serve_streaming(listener, options, handler, watch));
    (
        TcpStream::connect(("127.0.0.1", port)).await.unwrap(),
        drain,
    )
}

async fn talk(mut stream: impl AsyncRead + AsyncWrite + Unpin) -> String {
    stream.write_all(REQUEST.as_bytes()).await.unwrap();
    let mut answer = String::new();
    let _ = stream.read_to_string(&mut answer).await;
    answer
}

async fn report_tls(_: Request<Incoming>, client: Client) -> Response<Full<Bytes>> {
    Response::new(Full::from(format!("tls: {}", client.is_tls)))
}

#[tokio::test]
async fn tls_is_detected_by_the_first_byte() {
    let authority = LocalAuthority::generate().unwrap();
    let config = authority.server_config(&["localhost"], &[]).unwrap();
    let (plain, _drain) = serving(Tls::Offered(config), report_tls).await;
    let port = plain.peer_addr().unwrap().port();
    assert!(talk(plain).await.ends_with("tls: false"));

    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("ca.pem");
    authority.write_ca(&file).unwrap();
    let roots = Roots::from_pem_file(&file).unwrap();
    let connector = TlsConnector::from(client_config(&roots, &[]).unwrap());
    let stream = TcpStream::connect(("127.0.0.1", port)).await.unwrap();
    let name = "localhost".try_into().unwrap();
    let stream = connector.connect(name, stream).await.unwrap();
    assert!(talk(stream).await.ends_with("tls: true"));
}

/// A body that fails after its first piece.
struct Failing(Option<Bytes>);

impl Body for Failing {
    type Data = Bytes;
    type Error = String;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        _: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, String>>> {
        Poll::Ready(Some(match self.0.take() {
            Some(piece) => Ok(Frame::data(piece)),
            None => Err("broken".to_owned()),
        }))
    }
}

#[tokio::test]
async fn a_failed_body_is_not_reported_as_complete() {
    let handler = |_, _| async { Response::new(Failing(Some(Bytes::from_static(b"half")))) };
    let (stream, _drain) = serving(Tls::Off, handler).await;
    let answer = talk(stream).await;
    assert!(!answer.ends_with("0\r\n\r\n"), "{answer}");
}

#[tokio::test]
async fn a_handler_can_stream_a_body() {
    let handler = |request: Request<Incoming>, _| async move {
        let mut body = request.into_body();
        let first = body.frame().await.unwrap().unwrap().into_data().unwrap();
        Response::new(Full::from(first).map_err(|never: Infallible| match never {}))
    };
    let (mut stream, _drain) = serving::<_, _, _>(Tls::Off, handler).await;
    let head = "POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 10\r\n\r\nhalf";
    stream.write_all(head.as_bytes()).await.unwrap();
    let mut answer = String::new();
    let _ = stream.read_to_string(&mut answer).await;
    assert!(answer.ends_with("half"), "{answer}");
}

#[tokio::test]
async fn a_drain_closes_a_silent_connection() {
    let authority = LocalAuthority::generate().unwrap();
    let config = authority.server_config(&["localhost"], &[]).unwrap();
    let handler = |_, _| async { Response::new(Empty::<Bytes>::new()) };
    let (mut silent, drain) = serving(Tls::Offered(config), handler).await;
    while drain.guards() == 0 {
        tokio::task::yield_now().await;
    }
    drain.start();
    assert_eq!(
        silent.read_u8().await.unwrap_err().kind(),
        io::ErrorKind::UnexpectedEof
    );
    drain.finished().await;
}

#[tokio::test]
async fn malformed_requests_are_counted() {
    let long = format!(
        "GET / HTTP/1.1\r\nHost: {}\r\n\r\n",
        "x".repeat(1024 * 1024)
    );
    for (request, count) in [(REQUEST, 0), ("nonsense\r\n\r\n", 1), (&*long, 1)] {
        let malformed = Counter::default();
        let (mut stream, _drain) = serving_counted(Tls::Off, malformed.clone(), report_tls).await;
        let _ = stream.write_all(request.as_bytes()).await;
        let _ = stream.read_to_end(&mut Vec::new()).await;
        assert_eq!(malformed.get(), count, "{}", &request[..8]);
    }
}
