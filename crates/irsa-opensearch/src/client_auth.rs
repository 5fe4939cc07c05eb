//! What a client must prove before irsa acts for it.
//!
//! By default nothing, because only the workload itself reaches a loopback address or a Unix
//! socket of its pod. Listeners on other addresses must require a password or a certificate.

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

/// The requirements that clients must meet. Every one that applies to a request is checked; by
/// default there are none.
#[derive(Debug, Clone, Default)]
pub struct ClientAuth {
    /// The effective user ID of the client's process. Applies to Unix sockets.
    pub unix_uid: Option<u32>,
    /// TLS with a certificate. The TLS configuration of the listener must demand and verify it.
    /// Applies to all connections.
    pub certificate: bool,
    /// User and password (HTTP Basic, RFC 7617). Applies to all connections.
    pub passwords: Option<Arc<dyn PasswordCheck>>,
}

/// Knows passwords.
///
/// It may take its time, and is asked off the runtime's thread; what it says yes to is remembered
/// for some minutes.
pub trait PasswordCheck: Send + Sync + Debug {
    /// Whether the password is the user's.
    fn check(&self, user: &str, password: &[u8]) -> bool;

    /// A number that changes with the passwords: what was right before is checked again.
    fn generation(&self) -> u64 {
        0
    }
}

/// Why a client is not admitted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub(crate) enum AuthError {
    #[error("this listener requires a user and a password")]
    Password,
    #[error("requests from other machines must use TLS")]
    Tls,
    #[error("this listener requires TLS with a client certificate")]
    Certificate,
    #[error("this listener admits a different Unix user (`--client-uid`)")]
    User,
}

/// Checks the clients of a domain.
#[derive(Debug)]
pub(crate) struct Gate {
    auth: ClientAuth,
    remembered: Remembered,
    /// Guesses must not take all threads: bodies are written to files by the same ones.
    checks: Semaphore,
}

/// Passwords that are checked at once.
const CHECKS: usize = 4;

// === impl Gate ===

impl Gate {
    pub(crate) fn new(auth: ClientAuth) -> Self {
        Self {
            auth,
            remembered: Remembered::new(),
            checks: Semaphore::new(CHECKS),
        }
    }

    /// Checks every requirement that applies to a request.
    ///
    /// A client that is not on this machine must use TLS, even if nothing is required of it.
    pub(crate) async fn admit(&self, client: Client, headers: &HeaderMap) -> Result<(), AuthError> {
        if !client.is_tls && !client.peer.is_local() {
            return Err(AuthError::Tls);
        }
        if self.auth.certificate && !client.is_tls {
            return Err(AuthError::Certificate);
        }
        if !self.admits_user_of(client.peer) {
            return Err(AuthError::User);
        }
        let Some(check) = &self.auth.passwords else {
            return Ok(());
        };
        match basic(headers) {
            Some(credentials) if self.is_right(check, &credentials).await => Ok(()),
            _ => Err(AuthError::Password),
        }
    }

    /// A user ID alone admits no client over TCP, where it cannot be checked.
    fn admits_user_of(&self, peer: Peer) -> bool {
        match (self.auth.unix_uid, peer) {
            (None, _) => true,
            (Some(wanted), Peer::Unix { uid, .. }) => uid == wanted,
            (Some(_), Peer::Tcp(_)) => self.auth.certificate || self.auth.passwords.is_some(),
        }
    }

    /// `credentials` is `user:password`.
    async fn is_right(&self, check: &Arc<dyn PasswordCheck>, credentials: &[u8]) -> bool {
        let Some(colon) = credentials.iter().position(|byte| *byte == b':') else {
            return false;
        };
        let key = self.remembered.key(check.generation(), credentials);
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

#[cfg(test)]
mod tests;
