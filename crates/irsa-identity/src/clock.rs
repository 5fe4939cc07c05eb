//! The current time, which tests can set.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, SystemTime};

use aws_smithy_async::time::TimeSource;

/// A source of the current time.
///
/// Expiry checks and signatures use it, so that both are reproducible.
pub trait Clock: Send + Sync + std::fmt::Debug {
    /// Returns the current time.
    fn now(&self) -> SystemTime;
}

/// The clock of the machine.
#[derive(Debug, Clone, Copy, Default)]
pub struct SystemClock;

/// A clock with the interface of the AWS SDK.
#[derive(Debug)]
pub(crate) struct SdkTime(pub(crate) Arc<dyn Clock>);

impl TimeSource for SdkTime {
    fn now(&self) -> SystemTime {
        self.0.now()
    }
}

impl Clock for SystemClock {
    fn now(&self) -> SystemTime {
        #[expect(
            clippy::disallowed_methods,
            reason = "the only place that reads the machine's clock"
        )]
        SystemTime::now()
    }
}

/// A clock that only moves when it is set. Clones show the same time.
#[derive(Debug, Clone)]
pub struct ManualClock(Arc<Mutex<ManualTime>>);

#[derive(Debug)]
struct ManualTime {
    now: SystemTime,
    is_broken: bool,
}

impl ManualClock {
    /// Creates a clock that shows `now`.
    pub fn new(now: SystemTime) -> Self {
        let is_broken = false;
        Self(Arc::new(Mutex::new(ManualTime { now, is_broken })))
    }

    /// Sets the time, forward or backward.
    pub fn set(&self, now: SystemTime) {
        self.time().now = now;
    }

    /// Moves the time forward by `step`.
    pub fn advance(&self, step: Duration) {
        self.time().now += step;
    }

    /// Breaks or repairs the clock. Reading a broken clock panics, which tests use to see what a panic ends.
    pub fn set_broken(&self, is_broken: bool) {
        self.time().is_broken = is_broken;
    }

    fn time(&self) -> MutexGuard<'_, ManualTime> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Clock for ManualClock {
    fn now(&self) -> SystemTime {
        let time = self.time();
        assert!(!time.is_broken, "the clock is broken");
        time.now
    }
}
