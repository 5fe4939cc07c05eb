//! A token and its lifetime.

use std::fmt;
use std::time::{Duration, SystemTime};

use secrecy::{ExposeSecret, SecretString};

use crate::error::redact::{REDACTED, redact};

/// The lifetime of a token (`X-Amz-Expires`; RDS rejects longer ones).
pub(super) const LIFE: Duration = Duration::from_mins(15);

/// The time before its expiration from which a token is no longer used. The server checks it only after TCP, TLS and
/// startup, with its own clock, and its date is in whole seconds. The AWS JDBC wrapper also uses half a minute, after
/// logins had failed with tokens that were used until the last second.
pub(super) const MARGIN: Duration = Duration::from_secs(30);

/// A token, which must be sent as a password and only over verified TLS. `Debug` shows no part of it.
pub struct RdsToken {
    text: SecretString,
    signed_at: SystemTime,
    usable_until: SystemTime,
}

impl RdsToken {
    /// Creates a token that was signed at `signed_at` with credentials that expire at `credentials_end`. It expires
    /// together with them ("If temporary credentials are used, they must still be valid when using the token", Aurora
    /// User Guide).
    pub(super) fn new(
        text: SecretString,
        signed_at: SystemTime,
        credentials_end: Option<SystemTime>,
    ) -> Self {
        let own_end = signed_at + LIFE;
        let end = credentials_end.map_or(own_end, |end| end.min(own_end));
        Self {
            text,
            signed_at,
            usable_until: end.checked_sub(MARGIN).unwrap_or(end),
        }
    }

    /// Returns the token itself.
    pub fn expose(&self) -> &str {
        self.text.expose_secret()
    }

    /// Returns `text` without the token, and without parts of its signature and session token. The token also contains
    /// the host, the user and the date, which are not secret and occur in ordinary messages.
    pub fn redact_from(&self, text: &str) -> String {
        let token = self.expose();
        let is_secret = |parameter: &&str| {
            let name = parameter.split('=').next();
            matches!(name, Some("X-Amz-Signature" | "X-Amz-Security-Token"))
        };
        let secrets = token.split(['?', '&']).filter(is_secret);
        let values = secrets.filter_map(|parameter| Some(parameter.split_once('=')?.1));
        redact(&text.replace(token, REDACTED), &values.collect::<Vec<_>>())
    }

    /// Returns the signing time, in whole seconds.
    pub fn signed_at(&self) -> SystemTime {
        self.signed_at
    }

    /// Returns the time until which it can be used for a login.
    pub fn usable_until(&self) -> SystemTime {
        self.usable_until
    }

    /// Returns whether it can be used for a login at `now`. It cannot if the clock has been set back to before it was
    /// signed.
    pub fn is_usable(&self, now: SystemTime) -> bool {
        (self.signed_at..self.usable_until).contains(&now)
    }

    /// Returns the time since it was signed, or zero if the clock has been set back.
    pub fn age(&self, now: SystemTime) -> Duration {
        now.duration_since(self.signed_at).unwrap_or_default()
    }
}

impl fmt::Debug for RdsToken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RdsToken")
            .field("signed_at", &self.signed_at)
            .field("usable_until", &self.usable_until)
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const TOKEN: &str = "db.example:5432/?Action=connect&DBUser=webmodeler&X-Amz-Security-Token=IQoJb3JpZ2luX2Vj%2F%2FSdXJlbmV3&X-Amz-Signature=0123456789abcdef0123456789abcdef";

    fn token() -> RdsToken {
        RdsToken::new(TOKEN.into(), SystemTime::UNIX_EPOCH, None)
    }

    #[test]
    fn a_message_keeps_the_user_and_the_host() {
        let message = "PAM authentication failed for user \"webmodeler\" at db.example:5432";
        assert_eq!(token().redact_from(message), message);
    }

    #[test]
    fn the_token_and_parts_of_its_secrets_are_removed() {
        assert_eq!(token().redact_from(&format!("`{TOKEN}`")), "`[redacted]`");
        for part in [
            "0123456789abcdef",
            "IQoJb3JpZ2luX2Vj//SdX",
            "JpZ2luX2Vj%2F%2FSdXJlb",
        ] {
            let clean = token().redact_from(&format!("got `{part}`"));
            assert_eq!(clean, "got `[redacted]`", "{part}");
        }
    }
}
