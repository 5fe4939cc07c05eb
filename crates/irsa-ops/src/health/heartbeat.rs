//! Heartbeats of threads.
//!
//! Both sides count ticks of their timers, which use `CLOCK_MONOTONIC`, so time in which the machine is suspended does
//! not count. Time in which the whole process is frozen does not count either, because no checks happen.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use tokio::time::{Interval, MissedTickBehavior, interval};

/// The interval of heartbeats and of checks.
pub const PERIOD: Duration = Duration::from_secs(5);

/// The number of checks without a heartbeat after which a thread counts as stalled: 30 s.
const MISSES: u32 = 6;

/// The side of the watched thread. Dropping it counts as a stall, because the thread has ended, for example after a
/// panic.
#[derive(Debug)]
pub struct Heartbeat(Arc<AtomicU64>);

/// The side that watches.
#[derive(Debug)]
pub(super) struct Watched {
    name: &'static str,
    beats: Arc<AtomicU64>,
    seen: u64,
    missed: u32,
}

/// Creates both sides.
pub(super) fn watch(name: &'static str) -> (Heartbeat, Watched) {
    let beats = Arc::new(AtomicU64::new(0));
    let watched = Watched {
        name,
        beats: Arc::clone(&beats),
        seen: 0,
        missed: 0,
    };
    (Heartbeat(beats), watched)
}

/// Creates a timer that skips missed ticks.
pub(super) fn ticks(period: Duration) -> Interval {
    let mut ticks = interval(period);
    ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    ticks
}

// === impl Heartbeat ===

impl Heartbeat {
    /// Records that the thread runs.
    pub fn beat(&self) {
        self.0.fetch_add(1, Ordering::Relaxed);
    }

    /// Sends a heartbeat every [`PERIOD`]. Run it on the runtime of the watched thread.
    pub async fn keep_beating(&self) {
        self.keep_beating_every(PERIOD).await;
    }

    pub(super) async fn keep_beating_every(&self, period: Duration) {
        let mut ticks = ticks(period);
        loop {
            ticks.tick().await;
            self.beat();
        }
    }
}

// === impl Watched ===

impl Watched {
    pub(super) fn check(&mut self) {
        let seen = std::mem::replace(&mut self.seen, self.beats.load(Ordering::Relaxed));
        let was_stalled = self.is_stalled();
        self.missed = if seen == self.seen {
            self.missed.saturating_add(1)
        } else {
            0
        };
        match (was_stalled, self.failure()) {
            (false, Some(failure)) => tracing::error!("{failure}; /livez returns 503"),
            (true, None) => tracing::warn!("the {} thread is running again", self.name),
            _ => {}
        }
    }

    /// Returns what is wrong with the thread, if anything.
    pub(super) fn failure(&self) -> Option<String> {
        let time = PERIOD * self.missed;
        let name = self.name;
        self.is_stalled()
            .then(|| format!("the {name} thread has not run for {} s", time.as_secs()))
    }

    fn is_stalled(&self) -> bool {
        self.missed >= MISSES
    }
}
