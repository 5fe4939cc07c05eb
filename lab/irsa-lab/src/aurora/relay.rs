//! The relay between an authenticated client and the real server.

use std::io;
use std::time::Duration;

use bytes::BytesMut;
use tokio::io::{AsyncRead, AsyncReadExt as _, AsyncWrite, AsyncWriteExt as _, split};
use tokio::sync::watch;
use tokio::time::timeout;

use super::faults::FrontFaults;
use super::wire::Wire;
use crate::clock::pause;

/// The size of a TLS record.
const BUFFER: usize = 16 * 1024;

/// Time limit for a client to close its side after the end of its session.
const DRAIN_TIMEOUT: Duration = Duration::from_secs(2);

/// Relays bytes until the server closes its side, the client breaks off, or a fault cuts the connection.
///
/// A client that closes only its sending side (a finished upload) still receives the server's output. So does a client
/// whose data the server no longer reads: a server that ends a session sends an error and closes while the client still
/// sends.
pub(super) async fn relay<C, S>(
    client: Wire<C>,
    server: Wire<S>,
    faults: &FrontFaults,
    mut cuts: watch::Receiver<u64>,
) where
    C: AsyncRead + AsyncWrite + Send,
    S: AsyncRead + AsyncWrite + Send,
{
    let (mut from_client, to_client) = split(client.stream);
    let (from_server, to_server) = split(server.stream);
    let upload = async {
        match pump(
            (client.inbox, &mut from_client),
            to_server,
            faults,
            Direction::Upload,
        )
        .await
        {
            Err(Broken::Read(error)) => error,
            Ok(()) => std::future::pending().await,
            Err(Broken::Write(error)) => {
                tracing::debug!(%error, "the server no longer reads");
                std::future::pending().await
            }
        }
    };
    let answers = pump(
        (server.inbox, from_server),
        to_client,
        faults,
        Direction::Answer,
    );
    let is_over = tokio::select! {
        // The server's output is sent before anything else is checked.
        biased;
        ended = answers => {
            tracing::debug!(error = ended.as_ref().err().map(tracing::field::debug), "the server closed the session");
            ended.is_ok()
        }
        error = upload => {
            tracing::debug!(%error, "the client disconnected");
            false
        }
        _ = cuts.changed() => {
            tracing::info!("a fault cut the connection");
            false
        }
    };
    if is_over {
        drain(&mut from_client).await;
    }
}

/// Reads until the client closes its side. Closing a socket with unread bytes resets the connection, and after a reset
/// the client's system discards received data.
pub(super) async fn drain(from: &mut (impl AsyncRead + Unpin)) {
    let mut dropped = vec![0; BUFFER];
    let ended = async { while matches!(from.read(&mut dropped).await, Ok(1..)) {} };
    let _ = timeout(DRAIN_TIMEOUT, ended).await;
}

/// The side on which a connection broke.
#[derive(Debug)]
enum Broken {
    Read(io::Error),
    Write(io::Error),
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Direction {
    Upload,
    Answer,
}

/// Relays the bytes that were read ahead, then all others; the end of `from` becomes the end of `to`.
async fn pump(
    (mut buffer, mut from): (BytesMut, impl AsyncRead + Unpin),
    mut to: impl AsyncWrite + Unpin,
    faults: &FrontFaults,
    direction: Direction,
) -> Result<(), Broken> {
    loop {
        if !buffer.is_empty() {
            pause(faults.latency()).await;
            if direction == Direction::Answer && faults.cuts_answers() {
                let half = buffer.split_to(buffer.len() / 2);
                send(&mut to, &half).await?;
                let error = io::Error::other("a fault cuts the response");
                return Err(Broken::Write(error));
            }
            send(&mut to, &buffer).await?;
            buffer.clear();
        }
        buffer.reserve(BUFFER);
        let read = from.read_buf(&mut buffer).await;
        let is_end = match read {
            Ok(length) => length == 0,
            // A server that closes with unread bytes resets the connection after its last message.
            Err(_) if direction == Direction::Answer => true,
            Err(error) => return Err(Broken::Read(error)),
        };
        if is_end {
            return to.shutdown().await.map_err(Broken::Write);
        }
    }
}

async fn send(to: &mut (impl AsyncWrite + Unpin), bytes: &[u8]) -> Result<(), Broken> {
    to.write_all(bytes).await.map_err(Broken::Write)?;
    to.flush().await.map_err(Broken::Write)
}

#[cfg(test)]
mod tests;
