//! The way to the real PostgreSQL: its Unix socket.
//!
//! Its `pg_hba.conf` trusts members of `rds_iam`, for the front has verified them, and asks everybody else for a
//! password. The socket is in a folder that only the lab can enter.

use std::io;
use std::path::Path;
use std::time::Duration;

use bytes::BytesMut;
use irsa_pgwire::backend::{self, Authentication};
use irsa_pgwire::startup::{CancelKey, Startup};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::UnixStream;
use tokio::time::timeout;

use super::opening::Client;
use super::wire::Wire;

/// The lines behind the superuser's. `+rds_iam` is what RDS itself has, with `pam` for `trust`.
pub(super) const HBA: &str = "
local all         +rds_iam trust
local replication +rds_iam trust
local all         all      scram-sha-256
local replication all      scram-sha-256
";

/// A server has so long to close the connection that a cancel request came on.
const CANCEL_TIMEOUT: Duration = Duration::from_secs(10);

/// A connection to the real server.
pub(super) type Server = Wire<UnixStream>;

/// How the server lets a user in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Admission {
    /// At once.
    Trusted,
    /// After a password.
    AsksPassword,
}

/// Asks the real server for a session.
pub(super) async fn connect(socket: &Path, startup: &Startup) -> io::Result<Server> {
    let mut server = Wire::new(UnixStream::connect(socket).await?);
    let mut packet = BytesMut::new();
    startup.encode(&mut packet);
    // A server that turns the client away may have closed already; what it said is still to be read.
    if let Err(error) = server.send(&packet).await {
        tracing::debug!(%error, "the server does not take the start-up packet");
    }
    Ok(server)
}

/// Passes the server's first answers on, up to how it lets the user in: that message is passed on if it is the
/// `expected` one. An error of the server is passed on as it is, and the server will close.
///
/// Returns whether it was as expected. The front's view of `rds_iam` and the server's may differ for a moment, when a
/// membership changes: nobody must get in unasked then.
pub(super) async fn introduce(
    client: &mut Client,
    server: &mut Server,
    expected: Admission,
) -> io::Result<bool> {
    while let Some(message) = server.message().await? {
        if message.tag == backend::AUTHENTICATION && admission(&message.body)? != expected {
            return Ok(false);
        }
        client.send(&message.raw).await?;
        if matches!(
            message.tag,
            backend::AUTHENTICATION | backend::ERROR_RESPONSE
        ) {
            return Ok(true);
        }
    }
    Ok(true)
}

/// Passes a cancel request on; the answer to it is the end of the connection.
pub(super) async fn cancel(socket: &Path, key: &CancelKey) -> io::Result<()> {
    let mut stream = UnixStream::connect(socket).await?;
    let mut packet = BytesMut::new();
    key.encode_request(&mut packet);
    stream.write_all(&packet).await?;
    timeout(CANCEL_TIMEOUT, stream.read_to_end(&mut Vec::new()))
        .await
        .map_err(io::Error::other)?
        .map(drop)
}

fn admission(body: &[u8]) -> io::Result<Admission> {
    let authentication = Authentication::parse(body).map_err(io::Error::other)?;
    Ok(match authentication {
        Authentication::Ok => Admission::Trusted,
        _ => Admission::AsksPassword,
    })
}
