//! Rate limiting for log records that a busy client could cause by the thousand.

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

/// The interval in which each kind of record is logged once.
const PAUSE: Duration = Duration::from_secs(10);

/// Logs each kind of record at most once every 10 s and counts the records that it suppresses.
#[derive(Debug, Default)]
pub struct LogLimit(Mutex<HashMap<&'static str, Kind>>);

#[derive(Debug)]
struct Kind {
    logged: Instant,
    left_out: u64,
}

// === impl LogLimit ===

impl LogLimit {
    /// Returns the number of records of this kind suppressed since the last one, or `None` if this record must be
    /// suppressed too.
    pub fn may_log(&self, kind: &'static str) -> Option<u64> {
        self.may_log_at(kind, Instant::now())
    }

    fn may_log_at(&self, kind: &'static str, now: Instant) -> Option<u64> {
        let mut kinds = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let first = Kind {
            logged: now,
            left_out: 0,
        };
        match kinds.get_mut(kind) {
            Some(known) if now.duration_since(known.logged) < PAUSE => {
                known.left_out += 1;
                None
            }
            Some(known) => Some(std::mem::replace(known, first).left_out),
            None => {
                kinds.insert(kind, first);
                Some(0)
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn logs_the_first_record_of_each_kind_and_counts_the_rest() {
        let limit = LogLimit::default();
        let now = Instant::now();
        assert_eq!(limit.may_log_at("a", now), Some(0));
        assert_eq!(limit.may_log_at("a", now), None);
        assert_eq!(limit.may_log_at("b", now), Some(0));
        assert_eq!(limit.may_log_at("a", now + PAUSE), Some(1));
        assert_eq!(limit.may_log_at("a", now + PAUSE), None);
    }
}
