//! The lab's clock, which faults can skew and tests can set.

use std::fmt::Debug;
use std::sync::Arc;
use std::time::{Duration, SystemTime};

pub use irsa_chain::timestamp::{rfc3339, unix_seconds};
use time::OffsetDateTime;
use time::format_description::well_known::Rfc2822;

use crate::faults::Faults;

/// A source of time.
pub trait LabClock: Send + Sync + Debug {
    /// Returns the current time.
    fn now(&self) -> SystemTime;
}

/// The machine's clock.
#[derive(Debug, Clone, Copy, Default)]
pub struct SystemClock;

impl LabClock for SystemClock {
    #[expect(
        clippy::disallowed_methods,
        reason = "only here does the lab read the machine's clock"
    )]
    fn now(&self) -> SystemTime {
        SystemTime::now()
    }
}

/// AWS's clock as the lab plays it: a clock plus the skew in [`Faults`].
#[derive(Debug, Clone)]
pub struct SkewedClock {
    inner: Arc<dyn LabClock>,
    faults: Arc<Faults>,
}

impl SkewedClock {
    /// Adds the skew of `faults` to `inner`.
    pub fn new(inner: Arc<dyn LabClock>, faults: Arc<Faults>) -> Self {
        Self { inner, faults }
    }
}

impl LabClock for SkewedClock {
    fn now(&self) -> SystemTime {
        let skew = self.faults.clock_skew_seconds();
        let amount = Duration::from_secs(skew.unsigned_abs());
        let now = self.inner.now();
        let skewed = if skew < 0 {
            now.checked_sub(amount)
        } else {
            now.checked_add(amount)
        };
        skewed.unwrap_or(now)
    }
}

/// Sleeps for `duration`, unless it is zero: the timer would round it up to a millisecond.
pub(crate) async fn pause(duration: Duration) {
    if !duration.is_zero() {
        tokio::time::sleep(duration).await;
    }
}

/// Formats a time as in HTTP's `Date` (RFC 9110, section 5.6.7): `Tue, 24 Nov 2026 21:08:00 GMT`.
pub fn http_date(at: SystemTime) -> String {
    let seconds = i64::try_from(unix_seconds(at)).unwrap_or(i64::MAX);
    let time = OffsetDateTime::from_unix_timestamp(seconds).unwrap_or(OffsetDateTime::UNIX_EPOCH);
    let text = time.format(&Rfc2822).unwrap_or_default();
    text.replace("+0000", "GMT")
}

#[cfg(test)]
mod tests {
    use std::time::UNIX_EPOCH;

    use super::*;

    #[test]
    fn http_dates_are_in_gmt() {
        let at = UNIX_EPOCH + Duration::from_millis(1_732_482_480_900);
        assert_eq!(http_date(at), "Sun, 24 Nov 2024 21:08:00 GMT");
    }
}
