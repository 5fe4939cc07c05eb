//! Bytes both ways between a client and the real server, once they have met.

use std::io;

use bytes::BytesMut;
use tokio::io::{AsyncRead, AsyncReadExt as _, AsyncWrite, AsyncWriteExt as _, split};
use tokio::sync::watch;

use super::faults::FrontFaults;
use super::wire::Wire;
use crate::clock::pause;

/// As much is read at once as a TLS record holds.
const BUFFER: usize = 16 * 1024;

/// Passes bytes on until the server closes its side, either side breaks, or a fault cuts the connection.
///
/// A client that closes its side only (a finished upload) still gets what the server has to say.
pub(super) async fn relay<C, S>(
    client: Wire<C>,
    server: Wire<S>,
    faults: &FrontFaults,
    mut cuts: watch::Receiver<u64>,
) where
    C: AsyncRead + AsyncWrite + Send,
    S: AsyncRead + AsyncWrite + Send,
{
    let (from_client, to_client) = split(client.stream);
    let (from_server, to_server) = split(server.stream);
    let upload = async {
        match pump(client.inbox, from_client, to_server, faults).await {
            Ok(()) => std::future::pending().await,
            Err(error) => error,
        }
    };
    tokio::select! {
        error = upload => tracing::debug!(%error, "the client broke off"),
        ended = pump(server.inbox, from_server, to_client, faults) => {
            tracing::debug!(error = ended.err().map(tracing::field::display), "the server closed the session");
        }
        _ = cuts.changed() => tracing::info!("a fault cut the connection"),
    }
}

/// Passes on what was read ahead, then all that comes; the end of `from` becomes the end of `to`.
async fn pump(
    mut buffer: BytesMut,
    mut from: impl AsyncRead + Unpin,
    mut to: impl AsyncWrite + Unpin,
    faults: &FrontFaults,
) -> io::Result<()> {
    loop {
        if !buffer.is_empty() {
            pause(faults.latency()).await;
            to.write_all_buf(&mut buffer).await?;
            to.flush().await?;
        }
        buffer.reserve(BUFFER);
        if from.read_buf(&mut buffer).await? == 0 {
            return to.shutdown().await;
        }
    }
}
