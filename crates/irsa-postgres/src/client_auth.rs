//! What a client must show before the proxy acts for it.
//!
//! On loopback and on a Unix socket nothing is asked by default: whoever is in the pod's network
//! or file system is the workload. A listener on any other address needs one of the other ways.

mod scram;

use irsa_net::listen::Peer;
use irsa_pgwire::error_response::ErrorResponse;
use irsa_pgwire::sqlstate::SqlState;
use irsa_pgwire::startup::Startup;

pub use self::scram::{PasswordFileError, ScramUsers};
use crate::transport::Transport;

/// How clients prove who they are.
#[derive(Debug, Default)]
pub enum ClientAuth {
    /// They need not: the listener is local.
    #[default]
    Local,
    /// Only this Unix user may connect, and only over a Unix socket.
    UnixUser(u32),
    /// A certificate that the TLS configuration has verified.
    Certificate,
    /// SCRAM-SHA-256 (RFC 7677) against stored verifiers.
    Scram(ScramUsers),
}

/// Checks a client, with an exchange where the way needs one.
pub(crate) async fn authenticate(
    auth: &ClientAuth,
    client: &mut Transport,
    peer: &Peer,
    startup: &Startup,
) -> Result<(), ErrorResponse> {
    match auth {
        ClientAuth::Local => Ok(()),
        ClientAuth::UnixUser(wanted) => match peer {
            Peer::Unix { uid, .. } if uid == wanted => Ok(()),
            _ => Err(refused("this listener serves another Unix user")),
        },
        ClientAuth::Certificate if client.is_tls() => Ok(()),
        ClientAuth::Certificate => {
            Err(refused("this listener wants TLS with a client certificate"))
        }
        ClientAuth::Scram(users) => scram::authenticate(users, client, startup).await,
    }
}

fn refused(why: &str) -> ErrorResponse {
    ErrorResponse::fatal(
        SqlState::INVALID_AUTHORIZATION_SPECIFICATION,
        format!("irsa: {why}"),
    )
}
