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

/// The login that a token is signed for.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct RdsTarget {
    /// The name of the RDS endpoint, independent of the dialed address. RDS rejects tokens that are signed for a CNAME,
    /// a tunnel or an IP address ("Limitations" of IAM database authentication in the Aurora User Guide).
    pub sign_host: String,
    /// The port of the endpoint.
    pub port: u16,
    /// The database user, in the same case as in the database.
    pub user: String,
    /// The region of the database.
    pub region: Region,
}

/// Signs tokens with one identity and caches them while they are usable. Clones share the cache.
///
/// Caching is not only faster: logins with the same token count only once towards Aurora's limit of 200 per second.
#[derive(Debug, Clone)]
pub struct RdsSigner {
    identity: Identity,
    clock: Arc<dyn Clock>,
    cache: Arc<Mutex<Cache>>,
}

impl RdsSigner {
    /// Creates a signer for `identity`.
    pub fn new(identity: Identity, clock: Arc<dyn Clock>) -> Self {
        Self {
            identity,
            clock,
            cache: Arc::default(),
        }
    }

    /// Returns a token for a login to `target`: the cached one while it is usable, else a new one. Concurrent callers
    /// share one signing.
    ///
    /// # Errors
    /// See [`Identity::credentials`], or `target` cannot be signed for.
    pub async fn token(&self, target: &RdsTarget) -> Result<Arc<RdsToken>, IdentityError> {
        if let Some(token) = self.with_cache(|cache| cache.usable(target, self.now())) {
            return Ok(token);
        }
        let credentials = self.identity.credentials().await?;
        // Signing takes microseconds. Other callers wait for the lock and find the token.
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

    /// Removes `token` from the cache, so that the next one is signed again. A token that has replaced it in the
    /// meantime is kept.
    pub fn reject(&self, target: &RdsTarget, token: &RdsToken) {
        self.with_cache(|cache| cache.reject(target, token));
    }

    /// Returns the identity.
    pub fn identity(&self) -> &Identity {
        &self.identity
    }

    /// Returns AWS's time, with which RDS verifies tokens, like all AWS services verify signatures ("Troubleshoot
    /// Signature Version 4 API requests", IAM User Guide).
    fn now(&self) -> SystemTime {
        self.identity.aws_time(self.clock.now())
    }

    fn with_cache<T>(&self, f: impl FnOnce(&mut Cache) -> T) -> T {
        f(&mut self.cache.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

#[cfg(test)]
mod tests;
