//! A client's startup phase: encryption negotiation and its request.

use std::io;
use std::sync::Arc;
use std::time::Duration;

use bytes::Buf;
use irsa_pgwire::error_response::ErrorResponse;
use irsa_pgwire::sqlstate::SqlState;
use irsa_pgwire::startup::{
    self, CancelKey, GSS_ENC_REQUEST, Initial, SSL_REQUEST, Startup, StartupError,
    UnsupportedVersion,
};
use rustls::ServerConfig;

use crate::transport::{Receipt, Transport};

/// PostgreSQL's ALPN protocol name, which direct TLS requires (PostgreSQL docs, "SSL Session Encryption").
pub(crate) const ALPN: &[u8] = b"postgresql";

const ACCEPT_TLS: &[u8] = b"S";
const DECLINE_ENCRYPTION: &[u8] = b"N";

/// The request of a client.
#[derive(Debug)]
pub(crate) enum ClientRequest {
    /// To start a session.
    Session(Startup),
    /// To cancel the query of a session.
    Cancel(CancelKey),
}

/// The kinds of encryption that a client may still request: each kind once, and no kind after SSLRequest started TLS.
struct Offered {
    tls: bool,
    gss: bool,
}

/// Errors of a client's startup phase.
#[derive(Debug, thiserror::Error)]
pub(crate) enum ClientFault {
    #[error("the client closed the connection before it sent a startup packet")]
    Disconnected,
    #[error("the connection broke: {0}")]
    Broken(#[from] io::Error),
    #[error(transparent)]
    Packet(#[from] StartupError),
    #[error("direct TLS needs ALPN `postgresql`, which libpq sends with sslnegotiation=direct")]
    NoAlpn,
    #[error("this listener does not support TLS")]
    NoTls,
    #[error(transparent)]
    Version(#[from] UnsupportedVersion),
    #[error("received unencrypted data after {0} request")]
    Unencrypted(&'static str),
    #[error("the client sent no startup packet within {0:?} (`--startup-timeout`)")]
    TimedOut(Duration),
    #[error("shutting down; new sessions are not accepted")]
    ShuttingDown,
}

/// Receives the client's request. Starts TLS if the client requests it.
pub(crate) async fn receive_request(
    client: &mut Transport,
    tls: Option<&Arc<ServerConfig>>,
) -> Result<ClientRequest, ClientFault> {
    wait_for_bytes(client).await?;
    if client
        .inbox()
        .first()
        .copied()
        .is_some_and(startup::first_byte_is_tls)
    {
        accept_direct_tls(client, tls).await?;
    }
    let mut offered = Offered {
        tls: true,
        gss: true,
    };
    loop {
        match next_packet(client).await? {
            Initial::Startup(startup) => return Ok(ClientRequest::Session(startup)),
            Initial::Cancel(key) => return Ok(ClientRequest::Cancel(key)),
            Initial::GssEnc if offered.gss => {
                offered.gss = false;
                decline_encryption(client, "GSSAPI encryption").await?;
            }
            Initial::Ssl if offered.tls => {
                if let Some(config) = tls.filter(|_| !client.is_tls()) {
                    offered = Offered::NOTHING;
                    accept_tls(client, config).await?;
                } else {
                    offered.tls = false;
                    decline_encryption(client, "SSL").await?;
                }
            }
            Initial::Ssl => Err(UnsupportedVersion::for_encryption_request(SSL_REQUEST))?,
            Initial::GssEnc => Err(UnsupportedVersion::for_encryption_request(GSS_ENC_REQUEST))?,
        }
    }
}

async fn accept_tls(client: &mut Transport, config: &Arc<ServerConfig>) -> Result<(), ClientFault> {
    // Bytes that arrive before the handshake are not authenticated (see CVE-2021-23214).
    if !client.inbox().is_empty() {
        return Err(ClientFault::Unencrypted("SSL"));
    }
    client.send_all(ACCEPT_TLS).await?;
    client.accept_tls(config).await?;
    Ok(())
}

/// Declines encryption. Like PostgreSQL, rejects clients that do not wait for this response.
async fn decline_encryption(
    client: &mut Transport,
    request: &'static str,
) -> Result<(), ClientFault> {
    client.send_all(DECLINE_ENCRYPTION).await?;
    if client.inbox().is_empty() {
        Ok(())
    } else {
        Err(ClientFault::Unencrypted(request))
    }
}

async fn accept_direct_tls(
    client: &mut Transport,
    tls: Option<&Arc<ServerConfig>>,
) -> Result<(), ClientFault> {
    client.accept_tls(tls.ok_or(ClientFault::NoTls)?).await?;
    match client.alpn_protocol() {
        Some(ALPN) => Ok(()),
        _ => Err(ClientFault::NoAlpn),
    }
}

async fn next_packet(client: &mut Transport) -> Result<Initial, ClientFault> {
    loop {
        if let Some((packet, length)) = startup::parse(client.inbox())? {
            client.inbox().advance(length);
            return Ok(packet);
        }
        fill(client).await?;
    }
}

async fn wait_for_bytes(client: &mut Transport) -> Result<(), ClientFault> {
    if client.inbox().is_empty() {
        fill(client).await?;
    }
    Ok(())
}

async fn fill(client: &mut Transport) -> Result<(), ClientFault> {
    match client.fill().await? {
        Receipt::Data => Ok(()),
        Receipt::End => Err(ClientFault::Disconnected),
    }
}

// === impl Offered ===

impl Offered {
    const NOTHING: Self = Self {
        tls: false,
        gss: false,
    };
}

// === impl ClientFault ===

impl ClientFault {
    /// Returns the error for the client, in the cases in which PostgreSQL also sends one. In all other cases PostgreSQL
    /// closes the connection without an error (`ProcessStartupPacket`, `ProcessSSLStartup`), because the peer is gone
    /// or is probably not a PostgreSQL client.
    pub(crate) fn response(&self) -> Option<ErrorResponse> {
        match self {
            Self::Disconnected
            | Self::Broken(_)
            | Self::TimedOut(_)
            | Self::NoAlpn
            | Self::NoTls => None,
            Self::Packet(error) => error.is_sent_to_client().then(|| (*error).into()),
            Self::Version(error) => Some((*error).into()),
            Self::ShuttingDown => Some(ErrorResponse::fatal(
                SqlState::CANNOT_CONNECT_NOW,
                format!("irsa: {self}"),
            )),
            Self::Unencrypted(_) => Some(ErrorResponse::fatal(
                SqlState::PROTOCOL_VIOLATION,
                format!("irsa: {self}"),
            )),
        }
    }

    /// Returns the kind of the client's mistake for the log; `None` if it made no mistake.
    pub(crate) fn log_kind(&self) -> Option<&'static str> {
        match self {
            Self::Broken(error) if is_tls_failure(error) => Some("tls-handshake"),
            Self::Disconnected | Self::Broken(_) | Self::TimedOut(_) | Self::ShuttingDown => None,
            Self::Packet(_) => Some("startup-packet"),
            Self::Version(_) => Some("protocol-version"),
            Self::NoAlpn | Self::NoTls => Some("direct-tls"),
            Self::Unencrypted(_) => Some("unencrypted-data"),
        }
    }
}

fn is_tls_failure(error: &io::Error) -> bool {
    error
        .get_ref()
        .is_some_and(<dyn std::error::Error + Send + Sync>::is::<rustls::Error>)
}
