//! What a client must prove before irsa acts for it.
//!
//! By default nothing, because only the workload itself reaches a loopback address or a Unix
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

/// The requirements that clients must meet. Every one that applies to a connection is checked; by
/// default there are none.
#[derive(Debug, Clone, Default)]
pub struct ClientAuth {
    /// The effective user ID of the client's process. Applies to Unix sockets.
    pub unix_uid: Option<u32>,
    /// A certificate, which the TLS configuration has verified, for the database user. Applies to
    /// all connections.
    pub certificate: Option<Arc<CertificateUsers>>,
    /// A password, checked by SCRAM-SHA-256 (RFC 7677). Applies to all connections.
    pub passwords: Option<Arc<ScramUsers>>,
}

/// Checks every requirement that applies to a client, the exchange of a password last.
///
/// A client that is not on this machine must use TLS, even if nothing is required of it.
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

/// A user ID alone admits no client over TCP, where it cannot be checked.
fn check_unix_user(auth: &ClientAuth, wanted: u32, peer: &Peer) -> Result<(), ErrorResponse> {
    match peer {
        Peer::Unix { uid, .. } if *uid == wanted => Ok(()),
        Peer::Unix { uid, .. } => Err(refused(format!(
            "this listener admits a different Unix user (`--client-uid`): yours is {uid}"
        ))),
        Peer::Tcp(_) if auth.certificate.is_some() || auth.passwords.is_some() => Ok(()),
        Peer::Tcp(_) => Err(refused(
            "this listener admits a Unix user (`--client-uid`), which is unknown over TCP",
        )
        .hint("connect to the Unix socket")),
    }
}

/// The password and the session would cross the network in clear text.
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
