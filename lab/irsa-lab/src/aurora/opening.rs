//! The first bytes of a connection up to the start-up packet, as in PostgreSQL's `ProcessStartupPacket`.

use std::io;
use std::sync::Arc;

use irsa_pgwire::startup::{CancelKey, Initial, Startup, StartupError, first_byte_is_tls};
use rustls::ServerConfig;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::TcpStream;
use tokio_rustls::TlsAcceptor;
use tokio_rustls::server::TlsStream;

use super::answers;
use super::wire::{Packet, Wire};

/// PostgreSQL's protocol name in ALPN (PostgreSQL documentation, "SSL Session Encryption").
pub(super) const ALPN: &[u8] = b"postgresql";

/// A connection over TLS.
pub(super) type Client = Wire<TlsStream<TcpStream>>;

/// Maximum number of encryption requests; no client needs more.
const MAX_REQUESTS: usize = 4;

/// The connection of a cancel request, with or without TLS.
#[derive(Debug)]
pub(super) enum CancelConnection {
    Tls(Box<Client>),
    ClearText(Wire<TcpStream>),
}

/// The request of a client.
#[derive(Debug)]
pub(super) enum Opening {
    /// A session over TLS.
    Session(Box<Client>, Startup),
    /// A session without TLS.
    ClearText(Wire<TcpStream>, Startup),
    /// A cancel request. Its only response is the end of the connection, which must not come before the server has
    /// carried out the request.
    Cancel(CancelKey, CancelConnection),
    /// Nothing: the client disconnected, or it already has its response.
    Over,
}

/// Reads until the client's request is complete. Without `tls`, encryption is rejected.
///
/// # Errors
/// The connection broke, the handshake failed, or a packet is malformed; PostgreSQL sends no response in these cases
/// either.
pub(super) async fn open(stream: TcpStream, tls: Option<Arc<ServerConfig>>) -> io::Result<Opening> {
    let mut first = [0];
    stream.peek(&mut first).await?;
    if first_byte_is_tls(first[0]) {
        return direct_tls(stream, tls).await;
    }
    let mut client = Wire::new(stream);
    for _ in 0..MAX_REQUESTS {
        let initial = match client.packet().await? {
            Packet::Good(initial) => initial,
            Packet::Bad(error) => return bad_packet(client, error).await,
            Packet::End => return Ok(Opening::Over),
        };
        match (initial, &tls) {
            (Initial::Ssl, Some(config)) => return requested_tls(client, config).await,
            (Initial::Ssl, None) | (Initial::GssEnc, _) => client.send(b"N").await?,
            (Initial::Startup(startup), _) => return Ok(Opening::ClearText(client, startup)),
            (Initial::Cancel(key), _) => {
                return Ok(Opening::Cancel(key, CancelConnection::ClearText(client)));
            }
        }
    }
    Ok(Opening::Over)
}

async fn requested_tls(
    mut client: Wire<TcpStream>,
    config: &Arc<ServerConfig>,
) -> io::Result<Opening> {
    if !client.inbox.is_empty() {
        client.refuse(&answers::unencrypted_data()).await?;
        return Ok(Opening::Over);
    }
    client.send(b"S").await?;
    let stream = TlsAcceptor::from(Arc::clone(config))
        .accept(client.stream)
        .await?;
    behind_tls(stream).await
}

/// Direct TLS requires ALPN, so that clients of other protocols cannot be made to talk to PostgreSQL.
async fn direct_tls(stream: TcpStream, tls: Option<Arc<ServerConfig>>) -> io::Result<Opening> {
    let Some(config) = tls else {
        return Ok(Opening::Over);
    };
    let stream = TlsAcceptor::from(config).accept(stream).await?;
    if stream.get_ref().1.alpn_protocol() != Some(ALPN) {
        return Ok(Opening::Over);
    }
    behind_tls(stream).await
}

async fn behind_tls(stream: TlsStream<TcpStream>) -> io::Result<Opening> {
    let mut client = Wire::new(stream);
    match client.packet().await? {
        Packet::Good(Initial::Startup(startup)) => Ok(Opening::Session(Box::new(client), startup)),
        Packet::Good(Initial::Cancel(key)) => Ok(Opening::Cancel(
            key,
            CancelConnection::Tls(Box::new(client)),
        )),
        Packet::Good(Initial::Ssl | Initial::GssEnc) => {
            client.refuse(&answers::encrypted_twice()).await?;
            Ok(Opening::Over)
        }
        Packet::Bad(error) => bad_packet(client, error).await,
        Packet::End => Ok(Opening::Over),
    }
}

/// Responds like PostgreSQL: with an error if the packet has a valid length, otherwise by closing the connection.
async fn bad_packet<S>(mut client: Wire<S>, error: StartupError) -> io::Result<Opening>
where
    S: AsyncRead + AsyncWrite + Unpin,
{
    tracing::debug!(%error, "a packet is malformed");
    if error.is_sent_to_client() {
        client.refuse(&error.into()).await?;
    }
    Ok(Opening::Over)
}
