//! Authentication of clients.
//!
//! By default nothing is required, because only the containers of the pod can connect to a loopback address or Unix
//! socket of the pod. Listeners on other addresses must require a password or a certificate.

mod password_cache;

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

use self::password_cache::PasswordCache;
use crate::headers::single;

/// The requirements for clients. All requirements that apply to a request are checked. The default has no requirements.
#[derive(Debug, Clone, Default)]
pub struct ClientAuth {
    /// The effective user ID of the client's process. Applies to Unix sockets.
    pub unix_uid: Option<u32>,
    /// A client certificate. The TLS configuration of the listener must request and verify it. Applies to all
    /// connections.
    pub certificate: bool,
    /// A user and password (HTTP Basic, RFC 7617). Applies to all connections.
    pub passwords: Option<Arc<dyn PasswordCheck>>,
}

/// Checks passwords.
///
/// A check may be slow and runs on the blocking thread pool. Successful checks are cached for some minutes.
pub trait PasswordCheck: Send + Sync + Debug {
    /// Returns whether the password of the user is correct.
    fn check(&self, user: &str, password: &[u8]) -> bool;

    /// Returns a number that changes with the passwords, which invalidates cached checks.
    fn generation(&self) -> u64 {
        0
    }
}

/// The reason why a client is rejected.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub(crate) enum AuthError {
    #[error("this listener requires a user and password")]
    Password,
    #[error("requests from other machines must use TLS")]
    Tls,
    #[error("this listener requires TLS with a client certificate")]
    Certificate,
    #[error("this listener admits a different Unix user (`--client-uid`)")]
    User,
}

/// Authenticates the clients of a domain.
#[derive(Debug)]
pub(crate) struct Gate {
    auth: ClientAuth,
    cache: PasswordCache,
    /// Limits concurrent checks, so that guessing passwords cannot occupy all blocking threads, which also write bodies
    /// to files.
    checks: Semaphore,
}

/// The maximum number of concurrent password checks.
const CHECKS: usize = 4;

// === impl Gate ===

impl Gate {
    pub(crate) fn new(auth: ClientAuth) -> Self {
        Self {
            auth,
            cache: PasswordCache::new(),
            checks: Semaphore::new(CHECKS),
        }
    }

    /// Checks all requirements that apply to a request.
    ///
    /// A remote client must always use TLS, even if there are no other requirements.
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

    /// Returns whether the user ID is accepted. Clients over TCP fail this requirement alone, because their user ID is
    /// unknown.
    fn admits_user_of(&self, peer: Peer) -> bool {
        match (self.auth.unix_uid, peer) {
            (None, _) => true,
            (Some(wanted), Peer::Unix { uid, .. }) => uid == wanted,
            (Some(_), Peer::Tcp(_)) => self.auth.certificate || self.auth.passwords.is_some(),
        }
    }

    /// Checks credentials of the form `user:password`.
    async fn is_right(&self, check: &Arc<dyn PasswordCheck>, credentials: &[u8]) -> bool {
        let Some(colon) = credentials.iter().position(|byte| *byte == b':') else {
            return false;
        };
        let key = self.cache.key(check.generation(), credentials);
        if self.cache.has(&key) {
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
            self.cache.add(key);
        }
        is_right
    }
}

/// Returns the user and password of a request, as sent.
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
