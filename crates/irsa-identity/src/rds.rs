//! IAM database authentication tokens for RDS and Aurora.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::SystemTime;

use irsa_chain::Region;

use crate::{Clock, Identity, IdentityError};

mod cache;
mod presign;
mod token;

pub use token::RdsToken;

use cache::Cache;
pub(crate) use presign::sign;

/// What a token is signed for.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct RdsTarget {
    /// The real name of the RDS endpoint, whatever address is dialled: RDS refuses a token that is
    /// signed for a CNAME, a tunnel or an address ("Limitations" of IAM database authentication in
    /// the Aurora user guide).
    pub sign_host: String,
    /// The endpoint's own port.
    pub port: u16,
    /// The database user, in upper and lower case as the database has it.
    pub user: String,
    /// The region of the database.
    pub region: Region,
}

/// Signs tokens for one identity and keeps them while they may be used; clones share the tokens.
///
/// Logins with one token don't count one by one against the 200 a second that Aurora allows, so
/// that a kept token is not only cheaper.
#[derive(Debug, Clone)]
pub struct RdsSigner {
    identity: Identity,
    clock: Arc<dyn Clock>,
    cache: Arc<Mutex<Cache>>,
}

impl RdsSigner {
    /// A signer for `identity`.
    pub fn new(identity: Identity, clock: Arc<dyn Clock>) -> Self {
        Self {
            identity,
            clock,
            cache: Arc::default(),
        }
    }

    /// A token for a login to `target` now: the kept one while it may be used, else a fresh one.
    /// However many ask at once, one is signed.
    ///
    /// # Errors
    /// As [`Identity::credentials`], or when `target` can't be signed for.
    pub async fn token(&self, target: &RdsTarget) -> Result<Arc<RdsToken>, IdentityError> {
        if let Some(token) = self.with_cache(|cache| cache.usable(target, self.now())) {
            return Ok(token);
        }
        let credentials = self.identity.credentials().await?;
        // Signing takes microseconds: whoever else asks waits for the lock and finds the token.
        self.with_cache(|cache| {
            let now = self.now();
            if let Some(token) = cache.usable(target, now) {
                return Ok(token);
            }
            let token = Arc::new(presign::sign(target, &credentials, now)?);
            cache.keep(target, token.clone(), now);
            Ok(token)
        })
    }

    /// Forgets `token` if it is the one kept for `target`, so that the next one is signed afresh.
    /// A token that another caller has replaced since stays.
    pub fn reject(&self, target: &RdsTarget, token: &RdsToken) {
        self.with_cache(|cache| cache.reject(target, token));
    }

    /// The identity that signs.
    pub fn identity(&self) -> &Identity {
        &self.identity
    }

    /// RDS verifies a token by AWS's time, as every AWS service verifies a signature ("Troubleshoot Signature Version 4
    /// API requests", IAM user guide).
    fn now(&self) -> SystemTime {
        self.identity.aws_time(self.clock.now())
    }

    fn with_cache<T>(&self, f: impl FnOnce(&mut Cache) -> T) -> T {
        f(&mut self.cache.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

#[cfg(test)]
mod tests;
