//! Credentials in environment variables.

use std::sync::Arc;

use irsa_chain::timestamp::parse_rfc3339;
use irsa_chain::{Cause, Link};

use super::{Exchange, Exchanged};
use crate::{Clock, Environment, IdentityError, SessionCredentials};

#[derive(Debug)]
pub(super) struct Env {
    credentials: SessionCredentials,
    clock: Arc<dyn Clock>,
}

impl Env {
    /// Reads `AWS_ACCESS_KEY_ID`, `AWS_SECRET_ACCESS_KEY` and `AWS_SESSION_TOKEN`. They expire at
    /// `AWS_CREDENTIAL_EXPIRATION`, if it is set (`aws configure export-credentials` sets it).
    ///
    /// # Errors
    /// An access key variable is missing, or the expiration is not a time.
    pub(super) fn new(
        environment: &Environment,
        clock: Arc<dyn Clock>,
    ) -> Result<Self, IdentityError> {
        let missing =
            |name: &str| IdentityError::new(Cause::HalfAnIdentity, format!("`{name}` is not set"));
        let get = |name| {
            let value = environment.get(name).ok_or_else(|| missing(name))?;
            if value.trim() == value {
                Ok(value)
            } else {
                Err(padded(name))
            }
        };
        let expires_at = environment.get("AWS_CREDENTIAL_EXPIRATION").map(|text| {
            parse_rfc3339(text).ok_or_else(|| {
                let what = format!(
                    "`AWS_CREDENTIAL_EXPIRATION` is `{text}`, which is not an RFC 3339 time"
                );
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

/// Creates the error for a value that was read from a file with a line break, or from an empty field of a Helm chart.
fn padded(name: &str) -> IdentityError {
    let text = format!("`{name}` is blank, or begins or ends with a space or a line break");
    IdentityError::at(Link::StsSession, text).with_remedy(format!("correct or unset `{name}`"))
}

impl Exchange for Env {
    fn exchange(&self) -> Exchanged<'_> {
        Box::pin(async {
            if !self.credentials.is_expired(self.clock.now()) {
                return Ok(self.credentials.clone());
            }
            let text = "the credentials in the environment have expired";
            Err(IdentityError::new(Cause::SessionExpired, text).with_remedy(
                "export new credentials and restart, or use `--identity profile`, which renews them",
            ))
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::SystemClock;

    #[test]
    fn blank_and_padded_keys_are_rejected_at_the_start() {
        for (id, secret, wrong) in [
            (" ", "hush", "AWS_ACCESS_KEY_ID"),
            ("AKIAIOSFODNN7EXAMPLE", "hush\n", "AWS_SECRET_ACCESS_KEY"),
        ] {
            let pairs = [("AWS_ACCESS_KEY_ID", id), ("AWS_SECRET_ACCESS_KEY", secret)];
            let environment = Environment::from_pairs(pairs);
            let error = Env::new(&environment, Arc::new(SystemClock)).unwrap_err();
            assert!(error.to_string().contains(wrong), "{error}");
            assert!(!error.to_string().contains("hush"), "{error}");
        }
    }
}
