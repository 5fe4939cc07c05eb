//! Connections to the real PostgreSQL over its Unix socket.
//!
//! Its `pg_hba.conf` trusts members of `rds_iam`, whom the front has verified, and requires a password from all other
//! users. The socket is in a directory that only the lab can enter.

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
use super::setup::identifier;
use super::wire::Wire;
use crate::world::MasterUser;

/// The lines after the superuser's and the master user's. RDS has the same `+rds_iam` line, with `pam` in place of
/// `trust`.
const HBA: &str = "
local all         +rds_iam trust
local replication +rds_iam trust
local all         all      scram-sha-256
local replication all      scram-sha-256
";

/// Returns the lines after the superuser's. A master user with a password needs it even where PostgreSQL counts a
/// membership in `rds_iam` that the front does not.
pub(super) fn hba(master: Option<&MasterUser>) -> String {
    let master = master.filter(|master| master.password.is_some());
    let line = master.map_or_else(String::new, |master| {
        format!("\nlocal all {} scram-sha-256", identifier(&master.name))
    });
    line + HBA
}

/// Time limit for the server to close the connection of a cancel request.
const CANCEL_TIMEOUT: Duration = Duration::from_secs(10);

/// A connection to the real server.
pub(super) type Server = Wire<UnixStream>;

/// How the server authenticates a user.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Admission {
    /// Without authentication.
    Trusted,
    /// With a password.
    AsksPassword,
}

/// Requests a session from the real server.
pub(super) async fn connect(socket: &Path, startup: &Startup) -> io::Result<Server> {
    let mut server = Wire::new(UnixStream::connect(socket).await?);
    let mut packet = BytesMut::new();
    startup.encode(&mut packet);
    // A server that rejects the client may have closed already; its message can still be read.
    if let Err(error) = server.send(&packet).await {
        tracing::debug!(%error, "the server did not read the start-up packet");
    }
    Ok(server)
}

/// Relays the server's first messages, up to its authentication request, which is relayed only if it is the `expected`
/// one. An error of the server is relayed, and the server then closes the connection.
///
/// Returns whether the request was as expected. While a membership changes, the front's view of `rds_iam` and the
/// server's may differ for a moment; no one must be accepted without authentication then.
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

/// Relays a cancel request; the response is the end of the connection.
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
