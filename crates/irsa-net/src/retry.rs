//! Pauses between retries.

use std::time::{Duration, SystemTime};

use crate::http_date::parse_http_date;

/// Exponential backoff: the pause grows by a factor with each failure, up to a maximum.
#[derive(Clone, Copy, Debug)]
pub struct Backoff {
    first: Duration,
    factor: u32,
    longest: Duration,
}

impl Backoff {
    /// Creates a backoff that starts with the pause `first` and never exceeds `longest`.
    pub const fn new(first: Duration, factor: u32, longest: Duration) -> Self {
        Self {
            first,
            factor,
            longest,
        }
    }

    /// Returns the pause after this number of consecutive failures, counted from 1.
    pub fn after(&self, failures: u32) -> Duration {
        let factor = self.factor.saturating_pow(failures.saturating_sub(1));
        self.first.saturating_mul(factor).min(self.longest)
    }
}

/// Shortens a pause by up to half, so that clients that failed at the same time do not retry at the same time. `jitter`
/// is a random number from 0 to 1.
pub fn with_jitter(pause: Duration, jitter: f64) -> Duration {
    pause.mul_f64(1.0 - jitter / 2.0)
}

/// Parses the value of `Retry-After`, seconds or a date (RFC 9110, section 10.2.3). Returns `None` if it is invalid.
pub fn retry_after(value: &str, now: SystemTime) -> Option<Duration> {
    if let Ok(seconds) = value.trim().parse() {
        return Some(Duration::from_secs(seconds));
    }
    let date = parse_http_date(value)?;
    Some(date.duration_since(now).unwrap_or_default())
}

#[cfg(test)]
mod tests {
    use std::time::UNIX_EPOCH;

    use super::*;

    const MILLISECOND: Duration = Duration::from_millis(1);

    #[test]
    fn pauses_grow_up_to_the_maximum() {
        let backoff = Backoff::new(MILLISECOND * 500, 2, MILLISECOND * 20_000);
        let pauses = (1..=8).map(|failures| backoff.after(failures).as_millis());
        assert!(pauses.eq([500, 1000, 2000, 4000, 8000, 16_000, 20_000, 20_000]));
        assert_eq!(backoff.after(0), MILLISECOND * 500);
        assert_eq!(backoff.after(u32::MAX), MILLISECOND * 20_000);
    }

    #[test]
    fn jitter_shortens_by_up_to_half() {
        assert_eq!(with_jitter(MILLISECOND * 100, 0.0), MILLISECOND * 100);
        assert_eq!(with_jitter(MILLISECOND * 100, 1.0), MILLISECOND * 50);
    }

    #[test]
    fn retry_after_is_seconds_or_a_date() {
        let three = Some(Duration::from_secs(3));
        assert_eq!(retry_after(" 3", UNIX_EPOCH), three);
        assert_eq!(
            retry_after("Thu, 01 Jan 1970 00:00:03 GMT", UNIX_EPOCH),
            three
        );
        let past = UNIX_EPOCH + Duration::from_secs(9);
        assert_eq!(
            retry_after("Thu, 01 Jan 1970 00:00:03 GMT", past),
            Some(Duration::ZERO)
        );
        assert_eq!(retry_after("soon", UNIX_EPOCH), None);
    }
}
