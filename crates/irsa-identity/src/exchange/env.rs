//! Credentials that stand in the environment.

use std::sync::Arc;

use irsa_chain::{Cause, Link};

use super::{Exchange, Exchanged, agent};
use crate::{Clock, Environment, IdentityError, SessionCredentials};

#[derive(Debug)]
pub(super) struct Env {
    credentials: SessionCredentials,
    clock: Arc<dyn Clock>,
}

impl Env {
    /// The keys of `AWS_ACCESS_KEY_ID`, `AWS_SECRET_ACCESS_KEY` and `AWS_SESSION_TOKEN`, to be used
    /// until `AWS_CREDENTIAL_EXPIRATION` if that is set (`aws configure export-credentials` does).
    ///
    /// # Errors
    /// When a key is missing or the expiry is no time.
    pub(super) fn new(
        environment: &Environment,
        clock: Arc<dyn Clock>,
    ) -> Result<Self, IdentityError> {
        let missing =
            |name: &str| IdentityError::new(Cause::HalfAnIdentity, format!("`{name}` is not set"));
        let get = |name| environment.get(name).ok_or_else(|| missing(name));
        let expires_at = environment.get("AWS_CREDENTIAL_EXPIRATION").map(|text| {
            agent::time(text).ok_or_else(|| {
                let what =
                    format!("`AWS_CREDENTIAL_EXPIRATION` is `{text}`, which is no RFC 3339 time");
                IdentityError::at(Link::StsSession, what)
                    .with_remedy("correct or unset `AWS_CREDENTIAL_EXPIRATION`")
            })
        });
        let credentials = SessionCredentials::new(
            get("AWS_ACCESS_KEY_ID")?,
            get("AWS_SECRET_ACCESS_KEY")?,
            environment.get("AWS_SESSION_TOKEN").map(Into::into),
            expires_at.transpose()?,
        );
        Ok(Self { credentials, clock })
    }
}

impl Exchange for Env {
    fn exchange(&self) -> Exchanged<'_> {
        Box::pin(async {
            if !self.credentials.is_expired(self.clock.now()) {
                return Ok(self.credentials.clone());
            }
            let text = "the credentials in the environment have expired";
            Err(IdentityError::new(Cause::SessionExpired, text).with_remedy(
                "export fresh ones and start again, or use `--identity profile`, which renews them",
            ))
        })
    }
}
