//! One request over HTTPS, to whatever address is dialed, with a bounded answer.

use std::sync::Arc;
use std::time::Duration;

use bytes::{Bytes, BytesMut};
use http::{HeaderMap, Request, StatusCode, Uri};
use http_body_util::{BodyExt as _, Empty};
use hyper::client::conn::http1;
use hyper_util::rt::TokioIo;
use irsa_net::connect::{ConnectError, ConnectOptions, connect};
use irsa_net::rustls::ClientConfig;
use irsa_net::rustls::pki_types::ServerName;
use irsa_net::tls::{HandshakeError, Roots, TlsError, client_config};
use irsa_net::tokio_rustls::TlsConnector;
use irsa_net::tokio_rustls::client::TlsStream;
use tokio::net::TcpStream;
use tokio::task::JoinSet;
use tokio::time::timeout;

/// The time limit of STS, the agent and every other server: less than a step's deadline, so that silence is a verdict.
pub(super) const PATIENCE: Duration = Duration::from_secs(5);
/// The time limit of a TCP connection.
pub(super) const CONNECT: Duration = Duration::from_secs(3);

type BoxError = Box<dyn std::error::Error + Send + Sync>;

/// A GET and where it goes.
pub(super) struct Get<'a> {
    pub(super) dial_host: &'a str,
    pub(super) dial_port: u16,
    pub(super) tls_name: ServerName<'static>,
    pub(super) tls: Arc<ClientConfig>,
    /// The value of `Host`.
    pub(super) host: &'a str,
    pub(super) target: &'a str,
    pub(super) headers: HeaderMap,
    /// The most bytes of a body that are read.
    pub(super) most: usize,
    /// The limit for all of it.
    pub(super) patience: Duration,
}

/// An answer, whatever its status.
#[derive(Debug)]
pub(super) struct Answer {
    pub(super) status: StatusCode,
    pub(super) body: Bytes,
}

/// Why there is none.
#[derive(Debug)]
pub(super) enum NoAnswer {
    Connect(ConnectError),
    Handshake(HandshakeError),
    Broken(String),
    TooLong(usize),
    TimedOut(Duration),
}

impl Get<'_> {
    pub(super) async fn send(self) -> Result<Answer, NoAnswer> {
        let patience = self.patience;
        timeout(patience, self.exchange())
            .await
            .unwrap_or(Err(NoAnswer::TimedOut(patience)))
    }

    async fn exchange(self) -> Result<Answer, NoAnswer> {
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
            if body.len() > self.most {
                return Err(NoAnswer::TooLong(self.most));
            }
        }
        let body = body.freeze();
        Ok(Answer { status, body })
    }

    async fn connect(&self) -> Result<TlsStream<TcpStream>, NoAnswer> {
        let stream = open(self.dial_host, self.dial_port).await;
        let stream = stream.map_err(NoAnswer::Connect)?;
        let secured = start_tls(stream, &self.tls, self.tls_name.clone()).await;
        secured.map_err(NoAnswer::Handshake)
    }

    fn request(&self) -> Result<Request<Empty<Bytes>>, NoAnswer> {
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

fn broken(error: impl Into<BoxError>) -> NoAnswer {
    let error: BoxError = error.into();
    NoAnswer::Broken(error.to_string())
}

impl From<hyper::Error> for NoAnswer {
    fn from(error: hyper::Error) -> Self {
        broken(error)
    }
}

impl std::fmt::Display for NoAnswer {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Connect(error) => write!(f, "{error}"),
            Self::Handshake(error) => f.write_str(&error.sentence("the server")),
            Self::Broken(why) => write!(f, "the answer broke off: {why}"),
            Self::TooLong(most) => write!(f, "the answer is longer than {most} bytes"),
            Self::TimedOut(patience) => write!(f, "no whole answer within {patience:?}"),
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

/// A TCP connection, in no more than [`CONNECT`].
pub(super) async fn open(host: &str, port: u16) -> Result<TcpStream, ConnectError> {
    let options = ConnectOptions {
        timeout: CONNECT,
        ..ConnectOptions::default()
    };
    connect(host, port, &options).await
}
