//! The times of renewals and retries.

use std::time::{Duration, SystemTime};

use irsa_chain::Cause;
use irsa_net::retry::{self, Backoff};

use crate::IdentityError;

/// Credentials are renewed after three quarters of their lifetime, slightly randomized so that the pods of a rollout do
/// not renew at the same time. Of an hour, 15 minutes remain to survive an outage of STS and to outlive an RDS token.
const RENEW_AT: f64 = 0.75;
const JITTER: f64 = 0.05;

/// The interval for credentials that do not expire, which may be replaced in their file.
const RELOAD: Duration = Duration::from_mins(5);

/// The minimum interval, for credentials that expire soon after they were obtained.
const SOONEST: Duration = Duration::from_secs(1);

/// The maximum lifetime that is used for scheduling. A longer one could exceed the range of times.
const LONGEST_LIFE: Duration = Duration::from_hours(365 * 24);

/// The backoff after temporary failures.
const BACKOFF: Backoff = Backoff::new(Duration::from_millis(500), 2, Duration::from_secs(20));

/// After throttling, the first pause is as long as the fourth after other failures.
const THROTTLED_HEAD_START: u32 = 3;

/// The pause after a rejection, which does not change until IAM or the cluster is changed: 30 to 60 seconds.
const REFUSED_PAUSE: Duration = Duration::from_mins(1);

/// Returns the time at which credentials obtained at `now` are renewed. `jitter` is from 0 up to 1, excluding 1.
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

/// Returns the pause after `failures` consecutive failures. `jitter` is from 0 up to 1, excluding 1, and shortens the
/// pause by up to half.
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
    fn a_session_of_an_hour_is_renewed_with_15_minutes_left() {
        assert_eq!(after(3600, 0.0), seconds(2700));
        assert_eq!(after(3600, 1.0), seconds(2520));
    }

    #[test]
    fn expired_credentials_cause_no_tight_loop() {
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
    fn a_rejection_is_retried_after_30_to_60_seconds() {
        let refused = IdentityError::new(Cause::TrustDenied, "x");
        assert_eq!(pause(&refused, 1, 0.0), seconds(60));
        assert_eq!(pause(&refused, 9, 1.0), seconds(30));
    }

    #[test]
    fn a_distant_expiration_is_not_an_error() {
        let last = UNIX_EPOCH + seconds(i64::MAX.unsigned_abs());
        let renewed = refresh_at(UNIX_EPOCH, Some(last), 0.0);
        assert_eq!(renewed, UNIX_EPOCH + LONGEST_LIFE.mul_f64(RENEW_AT));
    }

    proptest! {
        #[test]
        fn credentials_are_renewed_before_they_expire(life in 2_u64..50_000, jitter in 0.0..1.0) {
            prop_assert!(after(life, jitter) <= seconds(life).mul_f64(0.75));
            prop_assert!(after(life, jitter) >= seconds(life).mul_f64(0.69).min(SOONEST));
        }
    }
}
