//! The client's start-up: how it wants to talk, and what it asks for.

use std::io;
use std::sync::Arc;
use std::time::Duration;

use bytes::Buf;
use irsa_pgwire::error_response::ErrorResponse;
use irsa_pgwire::sqlstate::SqlState;
use irsa_pgwire::startup::{self, CancelKey, Initial, Startup, StartupError};
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

/// How a client's start-up can fail.
#[derive(Debug, thiserror::Error)]
pub(crate) enum ClientFault {
    #[error("the client closed the connection before its start-up packet")]
    Gone,
    #[error("the connection broke: {0}")]
    Broken(#[from] io::Error),
    #[error(transparent)]
    Packet(#[from] StartupError),
    #[error("direct TLS needs ALPN `postgresql`, as libpq's sslnegotiation=direct sends it")]
    NoAlpn,
    #[error("this listener offers no TLS")]
    NoTls,
    #[error("encryption was asked for twice")]
    AskedTwice,
    #[error("bytes came in clear text after TLS was agreed")]
    ClearTextAfterTls,
    #[error("the client sent no start-up packet within {0:?} (`--startup-timeout`)")]
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
    let mut gss_refused = false;
    let mut tls_refused = false;
    loop {
        match next_packet(client).await? {
            Initial::Startup(startup) => return Ok(Wish::Session(startup)),
            Initial::Cancel(key) => return Ok(Wish::Cancel(key)),
            Initial::GssEnc if !gss_refused => {
                gss_refused = true;
                client.send_all(REFUSE).await?;
            }
            Initial::Ssl if !client.is_tls() && !tls_refused => {
                if let Some(config) = tls {
                    accept_tls(client, config).await?;
                } else {
                    tls_refused = true;
                    client.send_all(REFUSE).await?;
                }
            }
            Initial::Ssl | Initial::GssEnc => return Err(ClientFault::AskedTwice),
        }
    }
}

async fn accept_tls(client: &mut Transport, config: &Arc<ServerConfig>) -> Result<(), ClientFault> {
    // Bytes sent before the handshake are not the verified peer's (CVE-2021-23214's class).
    if !client.inbox().is_empty() {
        return Err(ClientFault::ClearTextAfterTls);
    }
    client.send_all(ACCEPT_TLS).await?;
    client.accept_tls(config).await?;
    Ok(())
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

// === impl ClientFault ===

impl ClientFault {
    /// The answer, where anyone could still read it.
    pub(crate) fn response(&self) -> Option<ErrorResponse> {
        match self {
            Self::Gone | Self::Broken(_) | Self::Slow(_) => None,
            Self::ShuttingDown => Some(ErrorResponse::fatal(
                SqlState::CANNOT_CONNECT_NOW,
                format!("irsa: {self}"),
            )),
            Self::Packet(error) => Some((*error).into()),
            _ => Some(ErrorResponse::fatal(
                SqlState::PROTOCOL_VIOLATION,
                format!("irsa: {self}"),
            )),
        }
    }
}
