//! When to try next.

use std::time::{Duration, SystemTime};

use irsa_chain::Cause;
use irsa_net::retry::{self, Backoff};

use crate::IdentityError;

/// Credentials are renewed at three quarters of their life, a little earlier by chance, so that the
/// pods of one roll-out don't all ask at once. Of an hour, a quarter of an hour is left to ride out
/// an outage of STS and to outlive an RDS token.
const RENEW_AT: f64 = 0.75;
const JITTER: f64 = 0.05;

/// Credentials without an end may still be replaced in their file.
const RELOAD: Duration = Duration::from_mins(5);

/// Credentials whose life is almost over on arrival are not asked for in a tight loop.
const SOONEST: Duration = Duration::from_secs(1);

/// A longer life is renewed as if it were this long: an end that no clock will see is no reason to
/// leave the range of times.
const LONGEST_LIFE: Duration = Duration::from_hours(365 * 24);

/// After faults that pass.
const BACKOFF: Backoff = Backoff::new(Duration::from_millis(500), 2, Duration::from_secs(20));

/// After throttling the first pause is as long as the fourth of another fault.
const THROTTLED_HEAD_START: u32 = 3;

/// Refusals stay until somebody changes IAM or the cluster: ask every 30 to 60 seconds.
const REFUSED_PAUSE: Duration = Duration::from_mins(1);

/// When to renew credentials that came at `now`; `jitter` is from 0 up to 1.
pub(super) fn refresh_at(
    now: SystemTime,
    expires_at: Option<SystemTime>,
    jitter: f64,
) -> SystemTime {
    let Some(expires_at) = expires_at else {
        return now + RELOAD;
    };
    let life = expires_at.duration_since(now).unwrap_or_default();
    let pause = life.min(LONGEST_LIFE).mul_f64(RENEW_AT - JITTER * jitter);
    now + pause.max(SOONEST)
}

/// How long to pause after the given number of failures in a row; `jitter` is from 0 up to 1 and
/// takes off up to half.
pub(super) fn pause(error: &IdentityError, failures: u32, jitter: f64) -> Duration {
    let whole = match (error.is_transient(), error.cause()) {
        (false, _) => REFUSED_PAUSE,
        (true, Some(Cause::StsThrottled)) => BACKOFF.after(failures + THROTTLED_HEAD_START),
        (true, _) => BACKOFF.after(failures),
    };
    retry::with_jitter(whole, jitter)
}

#[cfg(test)]
mod tests {
    use std::time::UNIX_EPOCH;

    use irsa_chain::Link;
    use proptest::prelude::*;

    use super::*;

    fn seconds(seconds: u64) -> Duration {
        Duration::from_secs(seconds)
    }

    fn after(life: u64, jitter: f64) -> Duration {
        let now = UNIX_EPOCH + seconds(1_764_000_000);
        refresh_at(now, Some(now + seconds(life)), jitter)
            .duration_since(now)
            .unwrap()
    }

    #[test]
    fn an_hour_is_renewed_with_a_quarter_left() {
        assert_eq!(after(3600, 0.0), seconds(2700));
        assert_eq!(after(3600, 1.0), seconds(2520));
    }

    #[test]
    fn a_life_of_nothing_is_no_tight_loop() {
        assert_eq!(after(0, 0.0), SOONEST);
    }

    #[test]
    fn pauses_grow_from_half_a_second_to_twenty_seconds() {
        let error = IdentityError::at(Link::StsSession, "x").transient();
        assert_eq!(pause(&error, 1, 0.0), Duration::from_millis(500));
        assert_eq!(pause(&error, 2, 0.0), seconds(1));
        assert_eq!(pause(&error, 2, 1.0), Duration::from_millis(500));
        assert_eq!(pause(&error, 8, 0.0), seconds(20));
    }

    #[test]
    fn throttling_starts_with_a_longer_pause() {
        let throttled = IdentityError::new(Cause::StsThrottled, "x").transient();
        assert_eq!(pause(&throttled, 1, 0.0), seconds(4));
    }

    #[test]
    fn a_refusal_is_asked_again_every_half_to_whole_minute() {
        let refused = IdentityError::new(Cause::TrustDenied, "x");
        assert_eq!(pause(&refused, 1, 0.0), seconds(60));
        assert_eq!(pause(&refused, 9, 1.0), seconds(30));
    }

    #[test]
    fn an_end_that_no_clock_will_see_is_no_reason_to_fail() {
        let last = UNIX_EPOCH + seconds(i64::MAX.unsigned_abs());
        let renewed = refresh_at(UNIX_EPOCH, Some(last), 0.0);
        assert_eq!(renewed, UNIX_EPOCH + LONGEST_LIFE.mul_f64(RENEW_AT));
    }

    proptest! {
        #[test]
        fn credentials_are_renewed_before_they_end(life in 2_u64..50_000, jitter in 0.0..1.0) {
            prop_assert!(after(life, jitter) <= seconds(life).mul_f64(0.75));
            prop_assert!(after(life, jitter) >= seconds(life).mul_f64(0.69).min(SOONEST));
        }
    }
}
