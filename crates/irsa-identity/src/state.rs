//! What an identity holds, and what it shows of that.

use std::time::{Duration, SystemTime};

use irsa_chain::Cause;
use tokio::time::Instant;

use crate::{IdentityError, SessionCredentials};

/// The state of an identity, for metrics, status page and readiness.
#[derive(Debug, Clone)]
pub enum IdentityState {
    /// No exchange has ended yet.
    Waiting,
    /// The credentials are valid and the last exchange went well.
    Valid {
        /// When the credentials end; `None` if they don't.
        expires_at: Option<SystemTime>,
        /// When they came.
        obtained_at: SystemTime,
    },
    /// The last exchange failed; the credentials before it are still valid and served.
    Stale {
        /// When the served credentials end; `None` if they don't.
        expires_at: Option<SystemTime>,
        /// Why they could not be renewed.
        error: IdentityError,
    },
    /// There are no valid credentials.
    Broken {
        /// Why.
        error: IdentityError,
    },
}

/// How many exchanges an identity has made since it started.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct IdentityCounters {
    /// Exchanges that gave credentials.
    pub succeeded: u64,
    /// Exchanges that failed.
    pub failed: u64,
    /// When the last exchange gave credentials.
    pub last_success: Option<SystemTime>,
}

/// All that is known after an exchange.
#[derive(Debug, Clone, Default)]
pub(crate) struct Snapshot {
    pub(crate) held: Option<Held>,
    pub(crate) failure: Option<Failure>,
    pub(crate) counters: IdentityCounters,
}

/// Credentials and when to renew them.
#[derive(Debug, Clone)]
pub(crate) struct Held {
    pub(crate) credentials: SessionCredentials,
    pub(crate) obtained_at: SystemTime,
    pub(crate) refresh_at: SystemTime,
}

/// The last exchange, where it failed.
#[derive(Debug, Clone)]
pub(crate) struct Failure {
    pub(crate) error: IdentityError,
    pub(crate) at: Instant,
    /// The same by AWS's time.
    pub(crate) time: SystemTime,
}

impl IdentityState {
    /// The state as a label: `waiting`, `valid`, `stale` or `broken`.
    pub fn as_str(&self) -> &'static str {
        match self {
            Self::Waiting => "waiting",
            Self::Valid { .. } => "valid",
            Self::Stale { .. } => "stale",
            Self::Broken { .. } => "broken",
        }
    }

    /// When the credentials that are served end.
    pub fn expires_at(&self) -> Option<SystemTime> {
        match self {
            Self::Valid { expires_at, .. } | Self::Stale { expires_at, .. } => *expires_at,
            Self::Waiting | Self::Broken { .. } => None,
        }
    }

    /// What is wrong now.
    pub fn error(&self) -> Option<&IdentityError> {
        match self {
            Self::Stale { error, .. } | Self::Broken { error } => Some(error),
            Self::Waiting | Self::Valid { .. } => None,
        }
    }
}

/// The clock has jumped if the time that passed by it differs from the monotonic clock's by more than this.
const JUMP: Duration = Duration::from_mins(1);

impl Snapshot {
    /// Returns whether an exchange is due that the refresher does not know of yet, because the machine slept or the clock
    /// was set. After a failure the pause stays as long as it is, unless the clock was set since.
    pub(crate) fn is_overdue(&self, now: SystemTime) -> bool {
        match (&self.failure, &self.held) {
            (Some(failure), _) => failure.clock_has_jumped(now),
            (None, Some(held)) => held.refresh_at <= now,
            (None, None) => false,
        }
    }

    /// The credentials, if they are valid at `now`.
    pub(crate) fn valid_at(&self, now: SystemTime) -> Option<&Held> {
        self.held
            .as_ref()
            .filter(|held| !held.credentials.is_expired(now))
    }

    pub(crate) fn state(&self, now: SystemTime) -> IdentityState {
        match (self.valid_at(now), &self.failure) {
            (Some(held), None) => IdentityState::Valid {
                expires_at: held.credentials.expires_at(),
                obtained_at: held.obtained_at,
            },
            (Some(held), Some(failure)) => IdentityState::Stale {
                expires_at: held.credentials.expires_at(),
                error: failure.error.clone(),
            },
            (None, Some(failure)) => IdentityState::Broken {
                error: failure.error.clone(),
            },
            (None, None) if self.held.is_some() => IdentityState::Broken { error: ended() },
            (None, None) => IdentityState::Waiting,
        }
    }
}

impl Failure {
    fn clock_has_jumped(&self, now: SystemTime) -> bool {
        let passed = self.at.elapsed();
        match now.duration_since(self.time) {
            Ok(by_clock) => by_clock.abs_diff(passed) > JUMP,
            Err(_) => true,
        }
    }
}

/// A machine that was suspended wakes up with credentials that ended while it slept.
fn ended() -> IdentityError {
    let text = "the session has ended and is being renewed";
    IdentityError::new(Cause::SessionExpired, text).transient()
}
