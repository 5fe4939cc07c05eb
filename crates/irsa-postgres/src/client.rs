//! The client's start-up: how it wants to talk, and what it asks for.

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

/// PostgreSQL's protocol name in ALPN, which direct TLS demands (PostgreSQL docs, "SSL Session
/// Encryption").
pub(crate) const ALPN: &[u8] = b"postgresql";

const ACCEPT_TLS: &[u8] = b"S";
const REFUSE: &[u8] = b"N";

/// What a client wants.
#[derive(Debug)]
pub(crate) enum Wish {
    /// A session.
    Session(Startup),
    /// The end of what another session is doing.
    Cancel(CancelKey),
}

/// The encryption that a client may still request: each kind once, and none within TLS that it requested.
struct Offered {
    tls: bool,
    gss: bool,
}

/// How a client's start-up can fail.
#[derive(Debug, thiserror::Error)]
pub(crate) enum ClientFault {
    #[error("the client closed the connection before its startup packet")]
    Gone,
    #[error("the connection broke: {0}")]
    Broken(#[from] io::Error),
    #[error(transparent)]
    Packet(#[from] StartupError),
    #[error("direct TLS needs ALPN `postgresql`, as libpq's sslnegotiation=direct sends it")]
    NoAlpn,
    #[error("this listener offers no TLS")]
    NoTls,
    #[error(transparent)]
    Version(#[from] UnsupportedVersion),
    #[error("received unencrypted data after {0} request")]
    Unencrypted(&'static str),
    #[error("the client sent no startup packet within {0:?} (`--startup-timeout`)")]
    Slow(Duration),
    #[error("shutting down, and taking no new sessions")]
    ShuttingDown,
}

/// Reads until the client has said what it wants, turning on TLS where it asks.
pub(crate) async fn greet(
    client: &mut Transport,
    tls: Option<&Arc<ServerConfig>>,
) -> Result<Wish, ClientFault> {
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
            Initial::Startup(startup) => return Ok(Wish::Session(startup)),
            Initial::Cancel(key) => return Ok(Wish::Cancel(key)),
            Initial::GssEnc if offered.gss => {
                offered.gss = false;
                refuse_encryption(client, "GSSAPI encryption").await?;
            }
            Initial::Ssl if offered.tls => {
                if let Some(config) = tls.filter(|_| !client.is_tls()) {
                    offered = Offered::NOTHING;
                    accept_tls(client, config).await?;
                } else {
                    offered.tls = false;
                    refuse_encryption(client, "SSL").await?;
                }
            }
            Initial::Ssl => Err(UnsupportedVersion::for_encryption_request(SSL_REQUEST))?,
            Initial::GssEnc => Err(UnsupportedVersion::for_encryption_request(GSS_ENC_REQUEST))?,
        }
    }
}

async fn accept_tls(client: &mut Transport, config: &Arc<ServerConfig>) -> Result<(), ClientFault> {
    // Bytes sent before the handshake are not the verified peer's (CVE-2021-23214's class).
    if !client.inbox().is_empty() {
        return Err(ClientFault::Unencrypted("SSL"));
    }
    client.send_all(ACCEPT_TLS).await?;
    client.accept_tls(config).await?;
    Ok(())
}

/// Refuses encryption. PostgreSQL takes nothing from a client that does not wait for this answer.
async fn refuse_encryption(
    client: &mut Transport,
    request: &'static str,
) -> Result<(), ClientFault> {
    client.send_all(REFUSE).await?;
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
        Receipt::End => Err(ClientFault::Gone),
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
    /// The answer, where PostgreSQL would give one too. In all other cases it closes the connection without a word
    /// (`ProcessStartupPacket`, `ProcessSSLStartup`): the peer is gone, or is hardly a client of PostgreSQL.
    pub(crate) fn response(&self) -> Option<ErrorResponse> {
        match self {
            Self::Gone | Self::Broken(_) | Self::Slow(_) | Self::NoAlpn | Self::NoTls => None,
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

    /// The kind of mistake, for the log; `None` where the client has made none.
    pub(crate) fn log_kind(&self) -> Option<&'static str> {
        match self {
            Self::Broken(error) if is_tls_failure(error) => Some("tls-handshake"),
            Self::Gone | Self::Broken(_) | Self::Slow(_) | Self::ShuttingDown => None,
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
