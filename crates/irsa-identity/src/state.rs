//! The internal and the public state of an identity.

use std::time::{Duration, SystemTime};

use irsa_chain::Cause;
use tokio::time::Instant;

use crate::{IdentityError, SessionCredentials};

/// The state of an identity, for metrics, the status page and readiness.
#[derive(Debug, Clone)]
pub enum IdentityState {
    /// No exchange has completed yet.
    Waiting,
    /// The credentials are valid, and the last exchange succeeded.
    Valid {
        /// The expiration of the credentials; `None` if they do not expire.
        expires_at: Option<SystemTime>,
        /// The time at which they were obtained.
        obtained_at: SystemTime,
    },
    /// The last exchange failed, but the previous credentials are still valid and in use.
    Stale {
        /// The expiration of the credentials in use; `None` if they do not expire.
        expires_at: Option<SystemTime>,
        /// The reason why they could not be renewed.
        error: IdentityError,
    },
    /// There are no valid credentials.
    Broken {
        /// The reason.
        error: IdentityError,
    },
}

/// The exchanges of an identity since it was started.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct IdentityCounters {
    /// Exchanges that succeeded.
    pub succeeded: u64,
    /// Exchanges that failed.
    pub failed: u64,
    /// The time of the last exchange that succeeded.
    pub last_success: Option<SystemTime>,
}

/// The complete state after an exchange.
#[derive(Debug, Clone, Default)]
pub(crate) struct Snapshot {
    pub(crate) held: Option<Held>,
    pub(crate) failure: Option<Failure>,
    pub(crate) counters: IdentityCounters,
}

/// Credentials, and the time of their renewal.
#[derive(Debug, Clone)]
pub(crate) struct Held {
    pub(crate) credentials: SessionCredentials,
    pub(crate) obtained_at: SystemTime,
    pub(crate) refresh_at: SystemTime,
}

/// The last exchange, if it failed.
#[derive(Debug, Clone)]
pub(crate) struct Failure {
    pub(crate) error: IdentityError,
    pub(crate) at: Instant,
    /// The same in AWS's time.
    pub(crate) time: SystemTime,
}

impl IdentityState {
    /// Returns the state as a label: `waiting`, `valid`, `stale` or `broken`.
    pub fn as_str(&self) -> &'static str {
        match self {
            Self::Waiting => "waiting",
            Self::Valid { .. } => "valid",
            Self::Stale { .. } => "stale",
            Self::Broken { .. } => "broken",
        }
    }

    /// Returns the expiration of the credentials in use.
    pub fn expires_at(&self) -> Option<SystemTime> {
        match self {
            Self::Valid { expires_at, .. } | Self::Stale { expires_at, .. } => *expires_at,
            Self::Waiting | Self::Broken { .. } => None,
        }
    }

    /// Returns the current error.
    pub fn error(&self) -> Option<&IdentityError> {
        match self {
            Self::Stale { error, .. } | Self::Broken { error } => Some(error),
            Self::Waiting | Self::Valid { .. } => None,
        }
    }
}

/// The clock counts as set if its elapsed time differs from that of the monotonic clock by more than this.
const JUMP: Duration = Duration::from_mins(1);

impl Snapshot {
    /// Returns whether an exchange is due that the refresher has not noticed, because the machine was suspended or the
    /// clock was set. A pause after a failure is not shortened, unless the clock was set since.
    pub(crate) fn is_overdue(&self, now: SystemTime) -> bool {
        match (&self.failure, &self.held) {
            (Some(failure), _) => failure.clock_has_jumped(now),
            (None, Some(held)) => held.refresh_at <= now,
            (None, None) => false,
        }
    }

    /// Returns the credentials if they are valid at `now`.
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

/// Creates the error after a suspended machine has resumed with expired credentials.
fn ended() -> IdentityError {
    let text = "the session has expired and is being renewed";
    IdentityError::new(Cause::SessionExpired, text).transient()
}
