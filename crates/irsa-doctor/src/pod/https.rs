//! A single HTTPS request with a limit on the size of the response.

use std::sync::Arc;
use std::time::Duration;

use bytes::{Bytes, BytesMut};
use http::{HeaderMap, Request, StatusCode, Uri};
use http_body_util::{BodyExt as _, Empty};
use hyper::client::conn::http1;
use hyper_util::rt::TokioIo;
use irsa_net::connect::{ConnectError, ConnectOptions, HttpProxy, connect};
use irsa_net::rustls::ClientConfig;
use irsa_net::rustls::pki_types::ServerName;
use irsa_net::tls::{HandshakeError, Roots, TlsError, client_config};
use irsa_net::tokio_rustls::TlsConnector;
use irsa_net::tokio_rustls::client::TlsStream;
use tokio::net::TcpStream;
use tokio::task::JoinSet;
use tokio::time::timeout;

/// The time limit of STS, the agent and every other server: less than a step's time limit, so that a missing response is
/// a verdict.
pub(super) const TIMEOUT: Duration = Duration::from_secs(5);
/// The time limit of a TCP connection.
pub(super) const CONNECT: Duration = Duration::from_secs(3);

type BoxError = Box<dyn std::error::Error + Send + Sync>;

/// A GET request and the address to send it to.
pub(super) struct Get<'a> {
    pub(super) dial_host: &'a str,
    pub(super) dial_port: u16,
    pub(super) http_proxy: Option<&'a HttpProxy>,
    pub(super) tls_name: ServerName<'static>,
    pub(super) tls: Arc<ClientConfig>,
    /// The value of `Host`.
    pub(super) host: &'a str,
    pub(super) target: &'a str,
    pub(super) headers: HeaderMap,
    /// The maximum size of the response body in bytes.
    pub(super) max_body: usize,
    /// The time limit for the whole request.
    pub(super) timeout: Duration,
}

/// A response with any status.
#[derive(Debug)]
pub(super) struct Response {
    pub(super) status: StatusCode,
    pub(super) body: Bytes,
}

/// The failure of a request.
#[derive(Debug)]
pub(super) enum RequestError {
    Connect(ConnectError),
    Handshake(HandshakeError),
    Broken(String),
    TooLong(usize),
    TimedOut(Duration),
}

impl Get<'_> {
    pub(super) async fn send(self) -> Result<Response, RequestError> {
        let limit = self.timeout;
        timeout(limit, self.exchange())
            .await
            .unwrap_or(Err(RequestError::TimedOut(limit)))
    }

    async fn exchange(self) -> Result<Response, RequestError> {
        let stream = self.connect().await?;
        let (mut sender, connection) = http1::handshake(TokioIo::new(stream)).await?;
        let mut driver = JoinSet::new();
        driver.spawn(connection);
        let response = sender.send_request(self.request()?).await?;
        let status = response.status();
        let mut incoming = response.into_body();
        let mut body = BytesMut::new();
        while let Some(frame) = incoming.frame().await {
            if let Ok(data) = frame?.into_data() {
                body.extend_from_slice(&data);
            }
            if body.len() > self.max_body {
                return Err(RequestError::TooLong(self.max_body));
            }
        }
        let body = body.freeze();
        Ok(Response { status, body })
    }

    async fn connect(&self) -> Result<TlsStream<TcpStream>, RequestError> {
        let stream = open(self.dial_host, self.dial_port, self.http_proxy).await;
        let stream = stream.map_err(RequestError::Connect)?;
        let secured = start_tls(stream, &self.tls, self.tls_name.clone()).await;
        secured.map_err(RequestError::Handshake)
    }

    fn request(&self) -> Result<Request<Empty<Bytes>>, RequestError> {
        let uri: Uri = self.target.parse().map_err(broken)?;
        let mut request = Request::get(uri)
            .header("host", self.host)
            .header("user-agent", "irsa-doctor")
            .body(Empty::new())
            .map_err(broken)?;
        request.headers_mut().extend(self.headers.clone());
        Ok(request)
    }
}

fn broken(error: impl Into<BoxError>) -> RequestError {
    let error: BoxError = error.into();
    RequestError::Broken(error.to_string())
}

impl From<hyper::Error> for RequestError {
    fn from(error: hyper::Error) -> Self {
        broken(error)
    }
}

impl std::fmt::Display for RequestError {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Connect(error) => write!(f, "{error}"),
            Self::Handshake(error) => f.write_str(&error.sentence("the server")),
            Self::Broken(why) => write!(f, "the HTTP exchange failed: {why}"),
            Self::TooLong(most) => write!(f, "the response is longer than {most} bytes"),
            Self::TimedOut(limit) => write!(f, "no complete response within {limit:?}"),
        }
    }
}

/// The TLS configuration for HTTPS.
///
/// # Errors
/// There are no trusted CAs.
pub(super) fn tls(roots: &Roots) -> Result<Arc<ClientConfig>, TlsError> {
    client_config(roots, &[b"http/1.1"])
}

/// Starts TLS on a connection, and verifies the server against `name`.
pub(super) async fn start_tls(
    stream: TcpStream,
    tls: &Arc<ClientConfig>,
    name: ServerName<'static>,
) -> Result<TlsStream<TcpStream>, HandshakeError> {
    let connector = TlsConnector::from(Arc::clone(tls));
    Ok(connector.connect(name, stream).await?)
}

/// Opens a TCP connection within [`CONNECT`].
pub(super) async fn open(
    host: &str,
    port: u16,
    http_proxy: Option<&HttpProxy>,
) -> Result<TcpStream, ConnectError> {
    let options = ConnectOptions {
        timeout: CONNECT,
        http_proxy: http_proxy.cloned(),
        ..ConnectOptions::default()
    };
    connect(host, port, &options).await
}
