//! Client authentication.
//!
//! By default clients need not authenticate, because only the workload itself can reach a loopback address or a Unix
//! socket of its pod. Listeners on other addresses must require a password or a certificate.

mod certificate;
mod scram;

use std::sync::Arc;

use irsa_net::listen::Peer;
use irsa_pgwire::error_response::ErrorResponse;
use irsa_pgwire::sqlstate::SqlState;
use irsa_pgwire::startup::Startup;

pub use self::certificate::{CertificateUsers, CertificateUsersError};
pub use self::scram::{PasswordFileError, ScramUsers};
use crate::transport::Transport;

/// The requirements for clients, by default none. All requirements that apply to a connection are checked.
#[derive(Debug, Clone, Default)]
pub struct ClientAuth {
    /// The required effective user ID of the client's process. Applies to Unix sockets.
    pub unix_uid: Option<u32>,
    /// Requires a client certificate for the database user. The TLS configuration verifies the certificate. Applies to
    /// all connections.
    pub certificate: Option<Arc<CertificateUsers>>,
    /// Requires a password, with SCRAM-SHA-256 (RFC 7677). Applies to all connections.
    pub passwords: Option<Arc<ScramUsers>>,
}

/// Checks all requirements that apply to a client, the password last.
///
/// Clients on other machines must always use TLS.
pub(crate) async fn authenticate(
    auth: &ClientAuth,
    client: &mut Transport,
    peer: &Peer,
    startup: &Startup,
) -> Result<(), ErrorResponse> {
    if !client.is_tls() && !peer.is_local() {
        return Err(clear_text());
    }
    if let Some(wanted) = auth.unix_uid {
        check_unix_user(auth, wanted, peer)?;
    }
    if let Some(users) = &auth.certificate {
        let user = startup.user().unwrap_or_default();
        certificate::check(users, client, user)?;
    }
    match &auth.passwords {
        Some(users) => scram::authenticate(users, client, startup).await,
        None => Ok(()),
    }
}

/// Checks the user ID. If it is the only requirement, TCP clients are rejected, because their user ID is unknown.
fn check_unix_user(auth: &ClientAuth, wanted: u32, peer: &Peer) -> Result<(), ErrorResponse> {
    match peer {
        Peer::Unix { uid, .. } if *uid == wanted => Ok(()),
        Peer::Unix { uid, .. } => Err(refused(format!(
            "this listener admits a different Unix user (`--client-uid`); the client runs as user ID {uid}"
        ))),
        Peer::Tcp(_) if auth.certificate.is_some() || auth.passwords.is_some() => Ok(()),
        Peer::Tcp(_) => Err(refused(
            "this listener admits only one Unix user (`--client-uid`), who cannot be identified over TCP",
        )
        .hint("connect to the Unix socket")),
    }
}

/// Returns the error for clear text over a network, which would expose the password and the session.
fn clear_text() -> ErrorResponse {
    refused("connections from other machines must use TLS")
        .hint("set sslmode=require in the client, or verify-full with the CA of this listener")
}

fn refused(why: impl std::fmt::Display) -> ErrorResponse {
    ErrorResponse::fatal(
        SqlState::INVALID_AUTHORIZATION_SPECIFICATION,
        format!("irsa: {why}"),
    )
}

#[cfg(test)]
mod tests;
