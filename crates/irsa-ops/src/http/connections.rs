//! The connections of a server, their limits, and the choice of the one that is closed for a new one.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use irsa_net::limit::{ConnectionLimit, Permit, TooManyUnauthenticated, UnauthenticatedLimit};
use irsa_net::listen::Peer;
use prometheus_client::metrics::counter::Counter;
use tokio::time::timeout;

use super::connection_state::{ConnectionState, Ending, Slot};
use crate::log_limit::LogLimit;

/// The connections of one or more listeners that share the limits. Clones share them, too.
///
/// At the limit, the connection that has been idle longest is closed for a new one. If none is idle, the new one waits
/// to be accepted, and the next response closes its connection.
#[derive(Clone, Debug)]
pub struct Connections {
    shared: Arc<Shared>,
}

/// The behavior at the limit.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum WhenFull {
    /// The new connection waits for an idle one.
    Wait,
    /// The oldest connection is closed if none is idle.
    CutOldest,
}

#[derive(Debug)]
struct Shared {
    limit: ConnectionLimit,
    when_full: WhenFull,
    /// `None` if clients need not authenticate.
    unauthenticated: Option<UnauthenticatedLimit>,
    refusals: ConnectionLimit,
    refused: Counter,
    log_limit: LogLimit,
    /// True if a client is waiting for a slot.
    is_wanted: AtomicBool,
    open: Mutex<Open>,
}

#[derive(Debug, Default)]
struct Open {
    members: BTreeMap<u64, Arc<ConnectionState>>,
    next: u64,
}

/// An entry in the list of connections. Dropping it removes it and releases its slot.
#[derive(Debug)]
pub(super) struct Registration {
    shared: Arc<Shared>,
    state: Arc<ConnectionState>,
    number: u64,
}

/// The maximum number of rejected clients that get a response at the same time. Others are disconnected without one.
const MAX_REFUSALS: usize = 64;
/// The time to wait for a connection to end before the next one is asked to.
const ENDING_TIME: Duration = Duration::from_millis(200);

// === impl Connections ===

impl Connections {
    /// Limits the number of connections to `max`, without authentication.
    pub fn new(max: usize) -> Self {
        Self::with(max, WhenFull::Wait, None, Counter::default())
    }

    /// Limits the number of connections to `max`. If all are busy, the oldest is closed for a new one.
    pub(crate) fn cutting_oldest(max: usize) -> Self {
        Self::with(max, WhenFull::CutOldest, None, Counter::default())
    }

    /// Limits the number of connections to `max`. Remote clients count towards `unauthenticated` until a handler calls
    /// [`Admission::authenticated`]. Clients beyond that limit are counted in `refused`, and their requests carry a
    /// refused [`Admission`].
    ///
    /// [`Admission`]: super::Admission
    /// [`Admission::authenticated`]: super::Admission::authenticated
    pub fn with_authentication(
        max: usize,
        unauthenticated: UnauthenticatedLimit,
        refused: Counter,
    ) -> Self {
        Self::with(max, WhenFull::Wait, Some(unauthenticated), refused)
    }

    fn with(
        max: usize,
        when_full: WhenFull,
        unauthenticated: Option<UnauthenticatedLimit>,
        refused: Counter,
    ) -> Self {
        let shared = Shared {
            limit: ConnectionLimit::new(max),
            when_full,
            unauthenticated,
            refusals: ConnectionLimit::new(MAX_REFUSALS),
            refused,
            log_limit: LogLimit::default(),
            is_wanted: AtomicBool::new(false),
            open: Mutex::default(),
        };
        Self {
            shared: Arc::new(shared),
        }
    }

    /// Waits for a slot for a new connection. Returns `None` if the client must be disconnected.
    pub(super) async fn admit(&self, peer: &Peer) -> Option<Registration> {
        let unauthenticated = self.shared.unauthenticated.as_ref();
        let slot = match unauthenticated.filter(|_| peer.remote_address().is_some()) {
            None => Slot::Served {
                _permit: self.served().await,
            },
            Some(unauthenticated) => match unauthenticated.try_acquire(peer) {
                Ok(slot) => Slot::Unauthenticated { _slot: slot },
                Err(full) => Slot::Refused {
                    _permit: self.refuse(&full)?,
                },
            },
        };
        Some(self.list(slot))
    }

    /// Returns a slot for an authenticated client, after a short wait at most.
    pub(super) async fn try_served(&self) -> Option<Permit> {
        if let Some(permit) = self.shared.limit.try_acquire() {
            return Some(permit);
        }
        if !self.close_longest_idle() {
            return None;
        }
        timeout(ENDING_TIME, self.shared.limit.acquire()).await.ok()
    }

    /// Frees a file descriptor, if possible.
    pub(super) fn free_descriptor(&self) {
        let _ = self.close_idle(|_| true) || self.may_cut_oldest();
    }

    /// Returns whether this connection must close after its response, because a new one is waiting.
    pub(super) fn takes_the_turn(&self) -> bool {
        // A plain load first, because usually no client is waiting.
        let is_wanted = &self.shared.is_wanted;
        is_wanted.load(Ordering::Relaxed) && is_wanted.swap(false, Ordering::Relaxed)
    }

    /// Returns the number of connections of authenticated clients.
    pub fn in_use(&self) -> usize {
        self.shared.limit.in_use()
    }

    /// Lets accepted connections read the data that has arrived, before more connections are accepted for which they
    /// could be closed.
    pub(super) async fn take_turns(&self) {
        if self.shared.when_full == WhenFull::CutOldest {
            tokio::task::yield_now().await;
        }
    }

    async fn served(&self) -> Permit {
        let limit = &self.shared.limit;
        loop {
            if let Some(permit) = limit.try_acquire() {
                return permit;
            }
            if !self.close_longest_idle() && !self.may_cut_oldest() {
                self.shared.is_wanted.store(true, Ordering::Relaxed);
            }
            if let Ok(permit) = timeout(ENDING_TIME, limit.acquire()).await {
                self.shared.is_wanted.store(false, Ordering::Relaxed);
                return permit;
            }
        }
    }

    fn refuse(&self, full: &TooManyUnauthenticated) -> Option<Permit> {
        self.shared.refused.inc();
        if let Some(unlogged) = self.shared.log_limit.may_log("too_many_unauthenticated") {
            tracing::warn!(unlogged, "connection rejected: {full}");
        }
        self.shared.refusals.try_acquire()
    }

    fn list(&self, slot: Slot) -> Registration {
        let state = Arc::new(ConnectionState::new(slot));
        let mut open = self.shared.lock();
        let number = open.next;
        open.next += 1;
        open.members.insert(number, Arc::clone(&state));
        Registration {
            shared: Arc::clone(&self.shared),
            state,
            number,
        }
    }

    /// Closes the connection that has been idle longest, among those that count towards the limit.
    fn close_longest_idle(&self) -> bool {
        self.close_idle(ConnectionState::is_served)
    }

    fn close_idle(&self, is_candidate: impl Fn(&ConnectionState) -> bool) -> bool {
        let open = self.shared.lock();
        let idle = not_ending(&open).filter(|state| state.is_idle() && is_candidate(state));
        let longest = idle.min_by_key(|state| state.since());
        longest
            .inspect(|state| state.end(Ending::Graceful))
            .is_some()
    }

    /// Closes the oldest connection, if that is the behavior at the limit.
    fn may_cut_oldest(&self) -> bool {
        if self.shared.when_full != WhenFull::CutOldest {
            return false;
        }
        let open = self.shared.lock();
        let oldest = not_ending(&open).next();
        oldest.inspect(|state| state.end(Ending::Cut)).is_some()
    }
}

// === impl Shared ===

impl Shared {
    fn lock(&self) -> MutexGuard<'_, Open> {
        self.open.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

// === impl Registration ===

impl Registration {
    pub(super) fn state(&self) -> &Arc<ConnectionState> {
        &self.state
    }
}

impl Drop for Registration {
    fn drop(&mut self) {
        self.shared.lock().members.remove(&self.number);
        self.state.leave();
    }
}

/// Returns the connections that were not asked to end, oldest first.
fn not_ending(open: &Open) -> impl Iterator<Item = &Arc<ConnectionState>> {
    let members = open.members.values();
    members.filter(|state| state.ending() == Ending::None)
}

#[cfg(test)]
mod tests;
