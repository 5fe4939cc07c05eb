//! The offset between the local clock and the domain's.
//!
//! AWS rejects signatures whose time is off by minutes, and returns its own time in `Date`. A node with a wrong clock
//! can sign requests once it knows the offset.

use std::sync::atomic::{AtomicI64, Ordering};
use std::time::{Duration, SystemTime};

use http::HeaderMap;
use http::header::DATE;
use irsa_net::http_date::parse_http_date;

use crate::headers::single;

/// The smallest offset that matters: signatures are accepted within 5 or 15 minutes.
const NOTABLE: i64 = 60;

/// The offset in seconds to add to the local clock, derived from rejected signatures. It applies to one domain only, so
/// that a domain with a wrong clock does not affect other upstreams.
#[derive(Debug, Default)]
pub(crate) struct Skew(AtomicI64);

// === impl Skew ===

impl Skew {
    /// Returns the number of seconds by which the local clock is behind the domain's, as far as known.
    pub(crate) fn seconds(&self) -> i64 {
        self.0.load(Ordering::Relaxed)
    }

    /// Updates the offset from the `Date` of a response to a request that was signed with an offset of `used` seconds.
    /// Returns the new offset if it differs by a minute or more.
    pub(crate) fn learn(&self, headers: &HeaderMap, now: SystemTime, used: i64) -> Option<i64> {
        let date = single(headers, &DATE)?.to_str().ok()?;
        let theirs = parse_http_date(date)?;
        let seconds = seconds_between(now, theirs)?;
        if seconds.saturating_sub(used).saturating_abs() < NOTABLE {
            return None;
        }
        self.0.store(seconds, Ordering::Relaxed);
        Some(seconds)
    }
}

/// Adds seconds, which may be negative, to `time`.
pub(crate) fn add(time: SystemTime, seconds: i64) -> SystemTime {
    let by = Duration::from_secs(seconds.unsigned_abs());
    let sum = if seconds < 0 {
        time.checked_sub(by)
    } else {
        time.checked_add(by)
    };
    sum.unwrap_or(time)
}

fn seconds_between(ours: SystemTime, theirs: SystemTime) -> Option<i64> {
    match theirs.duration_since(ours) {
        Ok(ahead) => i64::try_from(ahead.as_secs()).ok(),
        Err(error) => i64::try_from(error.duration().as_secs())
            .ok()
            .map(|behind| -behind),
    }
}

#[cfg(test)]
mod tests {
    use std::time::UNIX_EPOCH;

    use http::HeaderValue;

    use super::*;

    fn dated(time: SystemTime) -> HeaderMap {
        let date = HeaderValue::from_str(&httpdate::fmt_http_date(time)).unwrap();
        HeaderMap::from_iter([(DATE, date)])
    }

    fn at(seconds: u64) -> SystemTime {
        UNIX_EPOCH + Duration::from_secs(seconds)
    }

    #[test]
    fn detects_offsets_in_both_directions() {
        let skew = Skew::default();
        assert_eq!(
            skew.learn(&dated(at(1_000_600)), at(1_000_000), 0),
            Some(600)
        );
        assert_eq!(skew.seconds(), 600);
        assert_eq!(
            skew.learn(&dated(at(999_000)), at(1_000_000), 600),
            Some(-1_000)
        );
        assert_eq!(add(at(1_000_000), skew.seconds()), at(999_000));
        assert_eq!(add(at(1_000_000), 600), at(1_000_600));
    }

    #[test]
    fn known_or_small_offsets_change_nothing() {
        let skew = Skew::default();
        assert_eq!(skew.learn(&dated(at(1_000_030)), at(1_000_000), 0), None);
        assert_eq!(skew.learn(&dated(at(1_000_610)), at(1_000_000), 600), None);
        assert_eq!(skew.seconds(), 0);
    }

    #[test]
    fn requests_signed_with_an_old_offset_detect_the_same_one() {
        let skew = Skew::default();
        for _ in 0..2 {
            assert_eq!(
                skew.learn(&dated(at(1_000_600)), at(1_000_000), 0),
                Some(600)
            );
        }
    }

    #[test]
    fn a_response_without_a_date_changes_nothing() {
        let skew = Skew::default();
        let nonsense = HeaderMap::from_iter([(DATE, HeaderValue::from_static("tomorrow"))]);
        assert_eq!(skew.learn(&HeaderMap::new(), at(1), 0), None);
        assert_eq!(skew.learn(&nonsense, at(1), 0), None);
    }
}
