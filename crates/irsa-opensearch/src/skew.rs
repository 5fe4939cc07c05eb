//! How far our clock is from the domain's.
//!
//! AWS refuses signatures that are minutes off, and says what time it is in `Date`. A node whose
//! clock is wrong can sign all the same once it knows by how much.

use std::sync::atomic::{AtomicI64, Ordering};
use std::time::{Duration, SystemTime};

use http::HeaderMap;
use http::header::DATE;

use crate::headers::single;

/// Less than this no refusal is about: the windows are of 5 and 15 minutes.
const NOTABLE: i64 = 60;

/// Seconds to add to our clock, as learnt from refusals.
#[derive(Debug, Default)]
pub(crate) struct Skew(AtomicI64);

// === impl Skew ===

impl Skew {
    /// Seconds by which our clock is behind the domain's, as far as we know.
    pub(crate) fn seconds(&self) -> i64 {
        self.0.load(Ordering::Relaxed)
    }

    /// Learns from the `Date` of an answer to a request that was signed with `used` seconds added.
    /// Returns the true number where it is another, by a minute or more.
    pub(crate) fn learn(&self, headers: &HeaderMap, now: SystemTime, used: i64) -> Option<i64> {
        let date = single(headers, &DATE)?.to_str().ok()?;
        let theirs = httpdate::parse_http_date(date).ok()?;
        let seconds = seconds_between(now, theirs)?;
        if seconds.saturating_sub(used).saturating_abs() < NOTABLE {
            return None;
        }
        self.0.store(seconds, Ordering::Relaxed);
        Some(seconds)
    }
}

/// `time` and so many seconds, which may be less than none.
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
    fn learns_in_both_directions() {
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
    fn what_is_known_or_small_is_no_news() {
        let skew = Skew::default();
        assert_eq!(skew.learn(&dated(at(1_000_030)), at(1_000_000), 0), None);
        assert_eq!(skew.learn(&dated(at(1_000_610)), at(1_000_000), 600), None);
        assert_eq!(skew.seconds(), 0);
    }

    #[test]
    fn a_request_signed_before_others_learnt_learns_the_same() {
        let skew = Skew::default();
        for _ in 0..2 {
            assert_eq!(
                skew.learn(&dated(at(1_000_600)), at(1_000_000), 0),
                Some(600)
            );
        }
    }

    #[test]
    fn an_answer_without_a_date_teaches_nothing() {
        let skew = Skew::default();
        let nonsense = HeaderMap::from_iter([(DATE, HeaderValue::from_static("tomorrow"))]);
        assert_eq!(skew.learn(&HeaderMap::new(), at(1), 0), None);
        assert_eq!(skew.learn(&nonsense, at(1), 0), None);
    }
}
