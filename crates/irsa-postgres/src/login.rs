//! The proxy's login to the database: TLS, then the client's startup message, then the RDS token as the password.

mod attempt;
mod error;
pub(crate) mod probe;
mod server_login;

use std::net::SocketAddr;
use std::sync::Arc;

use bytes::{Bytes, BytesMut};
use irsa_net::connect::{ConnectOptions, connect};
use irsa_net::listen::Stream;
use irsa_net::tls::HandshakeError;
use irsa_ops::trace::{Span, step};
use irsa_pgwire::startup::{self, CancelKey, Startup, Version};
use rustls::ClientConfig;
use rustls::pki_types::ServerName;
use tokio::net::TcpStream;

use self::attempt::Attempt;
pub(crate) use self::error::{LoginError, LoginFacts};
use crate::database::Database;
use crate::traces;
use crate::transport::{Receipt, Transport};

/// A server session that is ready for queries.
pub(crate) struct LoggedIn {
    pub(crate) server: Transport,
    /// The address of the instance, for cancel requests.
    pub(crate) address: SocketAddr,
    pub(crate) key: Option<CancelKey>,
    pub(crate) version: Version,
    /// The server's parameters and notices, unchanged.
    pub(crate) greeting: BytesMut,
    /// The server's ReadyForQuery, unchanged.
    pub(crate) ready: Bytes,
}

/// Logs in as the user that `startup` names.
///
/// SQLSTATE 28000 means that the server rejected the token. The credentials of a cached token may have expired, so irsa
/// retries once with a new token. A token that was signed for this login is not replaced, because a new one would be
/// the same.
pub(crate) async fn login(
    database: &Database,
    startup: &Startup,
    version: Version,
    trace: Option<&Span>,
) -> Result<LoggedIn, LoginError> {
    let begun = database.identity.aws_time(database.clock.now());
    let mut first = Attempt::connect(database, startup, version, trace).await?;
    match first.log_in().await {
        Ok(greeting) => Ok(first.finish(greeting)),
        Err(error) if error.is_iam_refusal() && first.used_a_token_signed_before(begun) => {
            first.reject_token();
            database.metrics.token_retries.inc();
            let mut second = Attempt::connect(database, startup, version, trace).await?;
            let greeting = second.log_in().await?;
            Ok(second.finish(greeting))
        }
        Err(error) => Err(error),
    }
}

/// Opens a verified TLS connection to the database.
pub(crate) async fn open_tls(
    database: &Database,
    address: Option<SocketAddr>,
    trace: Option<&Span>,
) -> Result<(Transport, SocketAddr), LoginError> {
    let upstream = &database.upstream;
    let options = ConnectOptions {
        http_proxy: upstream.http_proxy.clone(),
        ..ConnectOptions::default()
    };
    // Through an HTTP proxy, the peer's address is the proxy's.
    let address = address.filter(|_| options.http_proxy.is_none());
    let (host, port) = match address {
        Some(address) => (address.ip().to_string(), address.port()),
        None => (upstream.dial_host.clone(), upstream.dial_port),
    };
    let connecting = async { Ok(connect(&host, port, &options).await?) };
    let stream = step(trace, "connect", traces::error_type, connecting).await?;
    let address = stream.peer_addr()?;
    let securing = start_tls(stream, &database.upstream_tls, upstream.tls_name.clone());
    let server = step(trace, "tls", traces::error_type, securing).await?;
    Ok((server, address))
}

/// Starts TLS on a connection and verifies that the server's certificate is valid for `name`.
async fn start_tls(
    stream: TcpStream,
    tls: &Arc<ClientConfig>,
    name: ServerName<'static>,
) -> Result<Transport, LoginError> {
    let mut server = Transport::new(Stream::Tcp(stream));
    let mut request = BytesMut::new();
    startup::ssl_request(&mut request);
    server.send_all(&request).await?;
    expect_tls(&mut server).await?;
    let handshake = server.connect_tls(tls, name).await;
    handshake.map_err(HandshakeError::from)?;
    Ok(server)
}

/// Reads the response to SSLRequest, which must be exactly one byte (see CVE-2021-23222).
async fn expect_tls(server: &mut Transport) -> Result<(), LoginError> {
    fill(server).await?;
    match *server.inbox().split() {
        [b'S'] => Ok(()),
        [b'N', ..] => Err(LoginError::TlsRefused),
        _ => Err(LoginError::Protocol(
            "its response to SSLRequest is invalid",
        )),
    }
}

async fn fill(server: &mut Transport) -> Result<(), LoginError> {
    match server.fill().await? {
        Receipt::Data => Ok(()),
        Receipt::End => Err(LoginError::Closed),
    }
}
