//! The loop that renews the credentials of an identity, one exchange at a time.
//!
//! Expiry checks use AWS's time. Pauses between attempts use the monotonic clock, so they are not affected when the
//! time is set or stands still in a test.

use std::panic::AssertUnwindSafe;
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use futures_util::FutureExt;
use irsa_chain::timestamp::rfc3339;
use irsa_chain::{Cause, Link};
use tokio::sync::{Notify, watch};
use tokio::time::{Instant, sleep, timeout};

use crate::exchange::Exchange;
use crate::state::{Failure, Held, Snapshot};
use crate::sts::AwsTime;
use crate::{Clock, IdentityError, IdentityState, SessionCredentials};

mod schedule;

/// The interval in which the time is checked while nothing is due, because the monotonic clock stops while a machine is
/// suspended.
const TICK: Duration = Duration::from_secs(30);

/// The minimum pause. A waiting caller can shorten a pause down to this.
pub(crate) const SHORTEST_PAUSE: Duration = Duration::from_secs(5);

/// Renews credentials for as long as it runs.
#[derive(Debug)]
pub(crate) struct Refresher {
    pub(crate) exchange: Box<dyn Exchange>,
    pub(crate) clock: Arc<dyn Clock>,
    pub(crate) time: AwsTime,
    /// The maximum time of an exchange.
    pub(crate) limit: Duration,
    /// The name of the source, for the log.
    pub(crate) source: &'static str,
    pub(crate) snapshots: watch::Sender<Snapshot>,
    pub(crate) states: watch::Sender<IdentityState>,
    /// Notified by callers that need credentials.
    pub(crate) wake: Arc<Notify>,
    /// The number of the session that AWS reported as expired, counted from 1.
    pub(crate) expired: watch::Receiver<u64>,
    /// A random number from 0 up to 1, excluding 1.
    pub(crate) jitter: fn() -> f64,
}

impl Refresher {
    /// Runs until it is dropped.
    pub(crate) async fn run(self) {
        let mut failures = 0;
        loop {
            match self.try_once().await {
                Ok(credentials) => {
                    failures = 0;
                    let refresh_at = self.succeeded(credentials);
                    tokio::select! {
                        () = self.wait_until(refresh_at) => {}
                        () = self.called_expired() => {}
                    }
                }
                Err(error) => {
                    failures += 1;
                    let pause = schedule::pause(&error, failures, (self.jitter)());
                    self.failed(&error, pause);
                    self.rest(&error, pause).await;
                }
            }
        }
    }

    async fn try_once(&self) -> Result<SessionCredentials, IdentityError> {
        // A panic in an exchange must not stop the renewal.
        let exchange = AssertUnwindSafe(async { self.exchange.exchange().await }).catch_unwind();
        let exchange = timeout(self.limit, exchange).await;
        let credentials = exchange.map_or_else(
            |_| Err(too_long(self.limit)),
            |outcome| outcome.unwrap_or_else(|_| Err(panicked())),
        )?;
        if credentials.is_expired(self.time.now()) {
            return Err(already_expired());
        }
        Ok(credentials)
    }

    fn succeeded(&self, credentials: SessionCredentials) -> SystemTime {
        let (now, aws_now) = (self.clock.now(), self.time.now());
        let refresh_at = schedule::refresh_at(aws_now, credentials.expires_at(), (self.jitter)());
        let is_renewal = self.snapshots.borrow().held.is_some();
        tracing::info!(
            source = self.source,
            access_key_id = credentials.access_key_id(),
            expires_at = credentials.expires_at().map(rfc3339),
            refresh_at = rfc3339(refresh_at),
            "credentials {}",
            if is_renewal { "renewed" } else { "obtained" }
        );
        self.publish(|snapshot| {
            snapshot.counters.succeeded += 1;
            snapshot.counters.last_success = Some(now);
            snapshot.failure = None;
            snapshot.held = Some(Held {
                credentials,
                obtained_at: now,
                refresh_at,
            });
        });
        refresh_at
    }

    fn failed(&self, error: &IdentityError, pause: Duration) {
        self.log_failure(error, pause);
        let time = self.time.now();
        self.publish(|snapshot| {
            snapshot.counters.failed += 1;
            snapshot.failure = Some(Failure {
                error: error.clone(),
                at: Instant::now(),
                time,
            });
        });
    }

    /// Logs a failure: as a warning while the session is still valid, else as an error.
    fn log_failure(&self, error: &IdentityError, pause: Duration) {
        let (source, link) = (self.source, error.link().id());
        let (cause, transient) = (error.cause().map(Cause::id), error.is_transient());
        let (next_try_in_seconds, remedy) = (pause.as_secs_f64(), error.remedy());
        if let Some(valid_until) = self.valid_until() {
            tracing::warn!(
                source,
                link,
                cause,
                transient,
                next_try_in_seconds,
                valid_until,
                remedy,
                "cannot renew the credentials; the current session is valid until {valid_until}: {error}"
            );
        } else {
            tracing::error!(
                source,
                link,
                cause,
                transient,
                next_try_in_seconds,
                remedy,
                "no credentials: {error}"
            );
        }
    }

    /// Returns the expiration of the current session, if it is still valid.
    fn valid_until(&self) -> Option<String> {
        let snapshot = self.snapshots.borrow();
        let held = snapshot.valid_at(self.time.now())?;
        let end = held.credentials.expires_at();
        Some(end.map_or_else(|| "it is replaced".to_owned(), rfc3339))
    }

    fn publish(&self, change: impl FnOnce(&mut Snapshot)) {
        self.snapshots.send_modify(change);
        let state = self.snapshots.borrow().state(self.time.now());
        self.states.send_replace(state);
    }

    async fn wait_until(&self, refresh_at: SystemTime) {
        while let Ok(left) = refresh_at.duration_since(self.time.now())
            && !left.is_zero()
        {
            tokio::select! {
                () = sleep(left.min(TICK)) => {}
                () = self.wake.notified() => {}
            }
        }
    }

    /// Waits until AWS reports the current session as expired.
    async fn called_expired(&self) {
        let number = self.snapshots.borrow().counters.succeeded;
        let mut expired = self.expired.clone();
        if expired.wait_for(|called| *called == number).await.is_err() {
            std::future::pending::<()>().await;
        }
    }

    /// Pauses before the next attempt. Callers do not shorten the pause after throttling, because retries would prolong
    /// it.
    async fn rest(&self, error: &IdentityError, pause: Duration) {
        let least = match error.cause() {
            Some(Cause::StsThrottled) => pause,
            _ => pause.min(SHORTEST_PAUSE),
        };
        sleep(least).await;
        tokio::select! {
            () = sleep(pause.saturating_sub(least)) => {}
            () = self.wake.notified() => {}
        }
    }
}

fn too_long(limit: Duration) -> IdentityError {
    let text = format!("obtaining credentials took longer than {limit:?}");
    IdentityError::at(Link::StsSession, text).transient()
}

fn panicked() -> IdentityError {
    let text = "obtaining credentials failed with an internal error; see the log";
    IdentityError::at(Link::StsSession, text).transient()
}

fn already_expired() -> IdentityError {
    let text = "the new credentials have already expired according to this machine's clock";
    IdentityError::new(Cause::SessionExpired, text).with_remedy(Cause::ClockSkew.remedy())
}
