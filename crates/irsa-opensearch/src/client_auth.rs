//! What a client must show before the proxy acts for it.
//!
//! On loopback and on a Unix socket nothing is asked by default: whoever is in the pod's network
//! or file system is the workload. A listener on any other address needs one of the other ways.

mod remembered;

use std::fmt::Debug;
use std::sync::Arc;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use http::HeaderMap;
use http::header::AUTHORIZATION;
use irsa_net::listen::Peer;
use irsa_ops::http::Client;
use tokio::sync::Semaphore;
use tokio::task::spawn_blocking;

use self::remembered::Remembered;
use crate::headers::single;

/// How clients prove who they are.
#[derive(Debug, Default)]
pub enum ClientAuth {
    /// They need not: the listener is local.
    #[default]
    Local,
    /// A certificate that the TLS configuration has verified; clients of this machine need none.
    Certificate,
    /// User and password (HTTP Basic, RFC 7617). Where the listener has TLS, clients of other
    /// machines must use it.
    Password(Arc<dyn PasswordCheck>),
    /// Only this Unix user may connect, and only over a Unix socket.
    UnixUser(u32),
}

/// Knows passwords.
///
/// It may take its time, and is asked off the runtime's thread; what it says yes to is remembered
/// for some minutes.
pub trait PasswordCheck: Send + Sync + Debug {
    /// Whether the password is the user's.
    fn check(&self, user: &str, password: &[u8]) -> bool;
}

/// Why a client is not let in.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub(crate) enum AuthError {
    #[error("this listener wants a user and a password")]
    Password,
    #[error("this listener wants TLS")]
    Tls,
    #[error("this listener wants TLS with a client certificate")]
    Certificate,
    #[error("this listener serves another Unix user")]
    User,
}

/// Checks the clients of a domain.
#[derive(Debug)]
pub(crate) struct Gate {
    auth: ClientAuth,
    offers_tls: bool,
    remembered: Remembered,
    /// Guesses must not take all threads: bodies are written to files by the same ones.
    checks: Semaphore,
}

/// Passwords that are checked at once.
const CHECKS: usize = 4;

// === impl Gate ===

impl Gate {
    pub(crate) fn new(auth: ClientAuth, offers_tls: bool) -> Self {
        Self {
            auth,
            offers_tls,
            remembered: Remembered::new(),
            checks: Semaphore::new(CHECKS),
        }
    }

    pub(crate) async fn admit(&self, client: Client, headers: &HeaderMap) -> Result<(), AuthError> {
        let is_safe = client.is_tls || is_local(client.peer);
        match &self.auth {
            ClientAuth::Local => Ok(()),
            ClientAuth::Certificate if is_safe => Ok(()),
            ClientAuth::Certificate => Err(AuthError::Certificate),
            ClientAuth::UnixUser(wanted) => match client.peer {
                Peer::Unix { uid, .. } if uid == *wanted => Ok(()),
                _ => Err(AuthError::User),
            },
            ClientAuth::Password(_) if self.offers_tls && !is_safe => Err(AuthError::Tls),
            ClientAuth::Password(check) => match basic(headers) {
                Some(credentials) if self.is_right(check, &credentials).await => Ok(()),
                _ => Err(AuthError::Password),
            },
        }
    }

    /// `credentials` is `user:password`.
    async fn is_right(&self, check: &Arc<dyn PasswordCheck>, credentials: &[u8]) -> bool {
        let Some(colon) = credentials.iter().position(|byte| *byte == b':') else {
            return false;
        };
        let key = self.remembered.key(credentials);
        if self.remembered.has(&key) {
            return true;
        }
        let _turn = self.checks.acquire().await;
        let (check, credentials) = (Arc::clone(check), credentials.to_vec());
        let checking = spawn_blocking(move || {
            let (user, password) = credentials.split_at(colon);
            let password = password.get(1..).unwrap_or_default();
            str::from_utf8(user).is_ok_and(|user| check.check(user, password))
        });
        let is_right = checking.await.unwrap_or(false);
        if is_right {
            self.remembered.add(key);
        }
        is_right
    }
}

/// The user and password of a request, as sent.
fn basic(headers: &HeaderMap) -> Option<Vec<u8>> {
    let value = single(headers, &AUTHORIZATION)?.to_str().ok()?;
    let (scheme, encoded) = value.split_once(' ')?;
    if !scheme.eq_ignore_ascii_case("basic") {
        return None;
    }
    STANDARD.decode(encoded.trim()).ok()
}

fn is_local(peer: Peer) -> bool {
    match peer {
        Peer::Tcp(address) => address.ip().to_canonical().is_loopback(),
        Peer::Unix { .. } => true,
    }
}

#[cfg(test)]
mod tests;
