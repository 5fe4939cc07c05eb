//! The open HTTP/1.1 connections to a domain, and the requests that have stalled on them.
//!
//! A server or a middlebox may drop a connection without closing it. A request on a new connection without a response
//! is probably just slow. A reused connection that stays silent while other requests get responses is probably dead.
//! Such requests are only reported, not canceled, because a `_reindex` can be silent for as long.

use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError, Weak};
use std::time::{Duration, Instant};

/// All connections to one domain.
#[derive(Debug)]
pub(crate) struct Connections {
    epoch: Instant,
    /// In milliseconds since `epoch`.
    last_answer: AtomicU64,
    open: Mutex<Vec<Weak<Activity>>>,
}

/// The times of the last write to and the last read from a connection.
#[derive(Debug)]
pub(crate) struct Activity {
    epoch: Instant,
    /// Both in milliseconds since `epoch`; 0 for never.
    written: AtomicU64,
    read: AtomicU64,
    is_noted: AtomicBool,
}

// === impl Connections ===

impl Connections {
    pub(crate) fn new() -> Self {
        Self {
            epoch: Instant::now(),
            last_answer: AtomicU64::new(0),
            open: Mutex::default(),
        }
    }

    /// Adds a connection, which is removed when the returned activity is dropped.
    pub(crate) fn open(&self) -> Arc<Activity> {
        let activity = Arc::new(Activity {
            epoch: self.epoch,
            written: AtomicU64::new(0),
            read: AtomicU64::new(0),
            is_noted: AtomicBool::new(false),
        });
        let mut open = self.open.lock().unwrap_or_else(PoisonError::into_inner);
        open.retain(|known| known.strong_count() > 0);
        open.push(Arc::downgrade(&activity));
        activity
    }

    /// Records that the domain responded to a request.
    pub(crate) fn answered(&self) {
        self.answered_at(milliseconds_since(self.epoch));
    }

    fn answered_at(&self, now: u64) {
        self.last_answer.store(now, Ordering::Relaxed);
    }

    /// Returns the number of reused connections that have been silent for `limit` since a request was written to them,
    /// while the domain responded to other requests. Each silence is counted once.
    pub(crate) fn newly_stalled(&self, limit: Duration) -> usize {
        self.newly_stalled_at(milliseconds_since(self.epoch), limit)
    }

    fn newly_stalled_at(&self, now: u64, limit: Duration) -> usize {
        let limit = u64::try_from(limit.as_millis()).unwrap_or(u64::MAX);
        let answer = self.last_answer.load(Ordering::Relaxed);
        let open = self.open.lock().unwrap_or_else(PoisonError::into_inner);
        let connections = open.iter().filter_map(Weak::upgrade);
        connections
            .filter(|connection| connection.is_newly_stalled(now, limit, answer))
            .count()
    }
}

// === impl Activity ===

impl Activity {
    pub(crate) fn wrote(&self) {
        self.wrote_at(milliseconds_since(self.epoch));
    }

    pub(crate) fn read(&self) {
        self.read_at(milliseconds_since(self.epoch));
    }

    fn wrote_at(&self, now: u64) {
        self.written.store(now, Ordering::Relaxed);
    }

    fn read_at(&self, now: u64) {
        self.read.store(now, Ordering::Relaxed);
        self.is_noted.store(false, Ordering::Relaxed);
    }

    fn is_newly_stalled(&self, now: u64, limit: u64, answer: u64) -> bool {
        let written = self.written.load(Ordering::Relaxed);
        let read = self.read.load(Ordering::Relaxed);
        let is_used = read > 0;
        let is_silent = read <= written && now.saturating_sub(written) >= limit;
        let is_stalled = is_used && is_silent && answer > written;
        is_stalled && !self.is_noted.swap(true, Ordering::Relaxed)
    }
}

/// Returns at least 1, because 0 stands for never.
fn milliseconds_since(epoch: Instant) -> u64 {
    let elapsed = epoch.elapsed().as_millis();
    u64::try_from(elapsed).unwrap_or(u64::MAX).saturating_add(1)
}

#[cfg(test)]
mod tests {
    use super::*;

    const LIMIT: Duration = Duration::from_mins(1);
    const MINUTE: u64 = 60_000;

    /// A connection that was used before, and got a second request at 30 ms.
    fn asked_again(connections: &Connections) -> Arc<Activity> {
        let connection = connections.open();
        connection.wrote_at(10);
        connection.read_at(20);
        connection.wrote_at(30);
        connection
    }

    #[test]
    fn a_reused_connection_that_stays_silent_while_others_get_responses_is_found_once() {
        let connections = Connections::new();
        let connection = asked_again(&connections);
        connections.answered_at(40);
        let found = |now| connections.newly_stalled_at(now, LIMIT);
        assert_eq!(found(29 + MINUTE), 0, "too early");
        assert_eq!(found(30 + MINUTE), 1);
        assert_eq!(found(31 + MINUTE), 0, "found already");
        connection.read_at(2 * MINUTE);
        connection.wrote_at(2 * MINUTE);
        connections.answered_at(3 * MINUTE);
        assert_eq!(found(3 * MINUTE), 1, "silent again");
    }

    #[test]
    fn a_domain_that_responds_to_no_one_is_busy_and_not_lost() {
        let connections = Connections::new();
        connections.answered_at(25);
        let _connection = asked_again(&connections);
        assert_eq!(connections.newly_stalled_at(2 * MINUTE, LIMIT), 0);
    }

    #[test]
    fn new_answered_and_closed_connections_are_not_found() {
        let connections = Connections::new();
        let new = connections.open();
        new.wrote_at(10);
        let answered = asked_again(&connections);
        answered.read_at(40);
        drop(asked_again(&connections));
        connections.answered_at(50);
        assert_eq!(connections.newly_stalled_at(2 * MINUTE, LIMIT), 0);
    }
}
