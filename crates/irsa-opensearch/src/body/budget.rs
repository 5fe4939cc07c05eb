//! Bytes that may be taken, by all together.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use prometheus_client::metrics::gauge::Gauge;

#[derive(Debug)]
pub(super) struct Budget {
    limit: u64,
    used: AtomicU64,
}

/// What somebody took of a budget; given back when dropped.
#[derive(Debug)]
pub(super) struct Reservation {
    budget: Arc<Budget>,
    bytes: u64,
    gauge: Gauge,
}

// === impl Budget ===

impl Budget {
    pub(super) fn new(limit: u64) -> Self {
        Self {
            limit,
            used: AtomicU64::new(0),
        }
    }

    pub(super) fn used(&self) -> u64 {
        self.used.load(Ordering::Relaxed)
    }

    fn take(&self, bytes: u64) -> bool {
        let within = |used: u64| used.checked_add(bytes).filter(|used| *used <= self.limit);
        self.used
            .fetch_update(Ordering::Relaxed, Ordering::Relaxed, within)
            .is_ok()
    }
}

// === impl Reservation ===

impl Reservation {
    /// Nothing yet. `gauge` shows what all take.
    pub(super) fn new(budget: &Arc<Budget>, gauge: &Gauge) -> Self {
        Self {
            budget: Arc::clone(budget),
            bytes: 0,
            gauge: gauge.clone(),
        }
    }

    /// Takes so many bytes more; `false`, and nothing taken, where they are not there.
    pub(super) fn grow(&mut self, bytes: usize) -> bool {
        let more = bytes as u64;
        let taken = self.budget.take(more);
        if taken {
            self.bytes += more;
            self.gauge.inc_by(signed(more));
        }
        taken
    }
}

impl Drop for Reservation {
    fn drop(&mut self) {
        self.budget.used.fetch_sub(self.bytes, Ordering::Relaxed);
        self.gauge.dec_by(signed(self.bytes));
    }
}

fn signed(bytes: u64) -> i64 {
    i64::try_from(bytes).unwrap_or(i64::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn gives_no_more_than_there_is_and_takes_it_back() {
        let budget = Arc::new(Budget::new(10));
        let gauge = Gauge::default();
        let mut first = Reservation::new(&budget, &gauge);
        let mut second = Reservation::new(&budget, &gauge);
        assert!(first.grow(6));
        assert!(!second.grow(5));
        assert!(second.grow(4));
        assert_eq!((budget.used(), gauge.get()), (10, 10));
        drop(first);
        assert_eq!((budget.used(), gauge.get()), (4, 4));
        assert!(!second.grow(usize::MAX));
        drop(second);
        assert_eq!((budget.used(), gauge.get()), (0, 0));
    }
}
