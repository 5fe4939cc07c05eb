//! A token and how long it may be used.

use std::fmt;
use std::time::{Duration, SystemTime};

use secrecy::{ExposeSecret, SecretString};

/// How long RDS takes a token (`X-Amz-Expires`; RDS refuses more).
pub(super) const LIFE: Duration = Duration::from_mins(15);

/// How long before its end a token is no longer used. The server judges it only after TCP, TLS and
/// start-up, and by its own clock; the date in it is cut to the second. Half a minute is what the
/// AWS JDBC wrapper came to after logins failed with tokens used to the last second.
pub(super) const MARGIN: Duration = Duration::from_secs(30);

/// A token, to be sent as the password and over verified TLS only. `Debug` shows no part of it.
pub struct RdsToken {
    text: SecretString,
    signed_at: SystemTime,
    usable_until: SystemTime,
}

impl RdsToken {
    /// A token signed at `signed_at` with credentials that end at `credentials_end`: it is dead as
    /// soon as they are ("If temporary credentials are used, they must still be valid when using
    /// the token", Aurora user guide).
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

    /// The token itself.
    pub fn expose(&self) -> &str {
        self.text.expose_secret()
    }

    /// The time it was signed with, in whole seconds.
    pub fn signed_at(&self) -> SystemTime {
        self.signed_at
    }

    /// Until when it may be used for a login.
    pub fn usable_until(&self) -> SystemTime {
        self.usable_until
    }

    /// Whether it may be used for a login at `now`; not if the clock has been set back to before it
    /// was signed.
    pub fn is_usable(&self, now: SystemTime) -> bool {
        (self.signed_at..self.usable_until).contains(&now)
    }

    /// How long ago it was signed; zero if the clock has been set back.
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
