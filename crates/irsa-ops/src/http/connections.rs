//! All connections of a server: how many there may be, and which one has to go for a new one.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use irsa_net::limit::{ConnectionLimit, Permit, TooManyUnauthenticated, UnauthenticatedLimit};
use irsa_net::listen::Peer;
use prometheus_client::metrics::counter::Counter;
use tokio::time::timeout;

use super::member::{Ending, Member, Place};
use crate::log_limit::LogLimit;

/// The connections of one or several listeners, which share the limits. Clones share them too.
///
/// At the limit the connection that has been idle longest is closed to let a new one in. Without
/// an idle one, the new one waits to be accepted, and the next response closes its connection.
#[derive(Clone, Debug)]
pub struct Connections {
    shared: Arc<Shared>,
}

/// What happens to a connection for which there is no place.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum WhenFull {
    /// It waits for one that is idle.
    Wait,
    /// The oldest one is cut for it where none is idle.
    CutOldest,
}

#[derive(Debug)]
struct Shared {
    limit: ConnectionLimit,
    when_full: WhenFull,
    /// `None` where no client has to authenticate.
    unauthenticated: Option<UnauthenticatedLimit>,
    refusals: ConnectionLimit,
    refused: Counter,
    log_limit: LogLimit,
    /// Whether a client waits for one of the places.
    is_wanted: AtomicBool,
    open: Mutex<Open>,
}

#[derive(Debug, Default)]
struct Open {
    members: BTreeMap<u64, Arc<Member>>,
    next: u64,
}

/// A connection that is in the list of all; dropping it takes it off and gives its place back.
#[derive(Debug)]
pub(super) struct Listed {
    shared: Arc<Shared>,
    member: Arc<Member>,
    number: u64,
}

/// Refused clients that are told so at a time; the others are disconnected without a word.
const MAX_REFUSALS: usize = 64;
/// How long a connection that was asked to end is waited for before the next one is asked.
const ENDING_TIME: Duration = Duration::from_millis(200);

// === impl Connections ===

impl Connections {
    /// At most `max` connections, none of which has to authenticate.
    pub fn new(max: usize) -> Self {
        Self::with(max, WhenFull::Wait, None, Counter::default())
    }

    /// At most `max` connections; when all are busy, the oldest is cut for a new one.
    pub(crate) fn cutting_oldest(max: usize) -> Self {
        Self::with(max, WhenFull::CutOldest, None, Counter::default())
    }

    /// At most `max` connections that are served. Clients of other machines count among
    /// `unauthenticated` until a handler calls [`Admission::authenticated`]; those that exceed it
    /// are counted in `refused`, and their requests carry a refused [`Admission`].
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

    /// A place for a new connection, which may have to be waited for; `None` where the client is to
    /// be disconnected.
    pub(super) async fn admit(&self, peer: &Peer) -> Option<Listed> {
        let strangers = self.shared.unauthenticated.as_ref();
        let place = match strangers.filter(|_| peer.remote_address().is_some()) {
            None => Place::Served {
                _permit: self.served().await,
            },
            Some(strangers) => match strangers.try_acquire(peer) {
                Ok(place) => Place::Unauthenticated { _place: place },
                Err(full) => Place::Refused {
                    _permit: self.refuse(&full)?,
                },
            },
        };
        Some(self.list(place))
    }

    /// A place among the connections that are served, soon or not at all.
    pub(super) async fn try_served(&self) -> Option<Permit> {
        if let Some(permit) = self.shared.limit.try_acquire() {
            return Some(permit);
        }
        if !self.close_longest_idle() {
            return None;
        }
        timeout(ENDING_TIME, self.shared.limit.acquire()).await.ok()
    }

    /// Frees a file descriptor where that is possible.
    pub(super) fn free_descriptor(&self) {
        let _ = self.close_idle(|_| true) || self.may_cut_oldest();
    }

    /// Whether this connection is to end with its response, for the sake of one that waits.
    pub(super) fn takes_the_turn(&self) -> bool {
        // A plain load first: nobody waits most of the time.
        let is_wanted = &self.shared.is_wanted;
        is_wanted.load(Ordering::Relaxed) && is_wanted.swap(false, Ordering::Relaxed)
    }

    /// The number of connections that are served now.
    pub fn in_use(&self) -> usize {
        self.shared.limit.in_use()
    }

    /// Lets the connections that were accepted read what has arrived for them, before more are
    /// accepted for which they could be cut.
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
            tracing::warn!(unlogged, "connection refused: {full}");
        }
        self.shared.refusals.try_acquire()
    }

    fn list(&self, place: Place) -> Listed {
        let member = Arc::new(Member::new(place));
        let mut open = self.shared.lock();
        let number = open.next;
        open.next += 1;
        open.members.insert(number, Arc::clone(&member));
        Listed {
            shared: Arc::clone(&self.shared),
            member,
            number,
        }
    }

    /// Closes the connection that has been idle longest among those that are served.
    fn close_longest_idle(&self) -> bool {
        self.close_idle(Member::is_served)
    }

    fn close_idle(&self, is_candidate: impl Fn(&Member) -> bool) -> bool {
        let open = self.shared.lock();
        let idle = staying(&open).filter(|member| member.is_idle() && is_candidate(member));
        let longest = idle.min_by_key(|member| member.since());
        longest
            .inspect(|member| member.end(Ending::Graceful))
            .is_some()
    }

    /// Cuts the oldest connection, where that is what the limit is for.
    fn may_cut_oldest(&self) -> bool {
        if self.shared.when_full != WhenFull::CutOldest {
            return false;
        }
        let open = self.shared.lock();
        let oldest = staying(&open).next();
        oldest.inspect(|member| member.end(Ending::Cut)).is_some()
    }
}

// === impl Shared ===

impl Shared {
    fn lock(&self) -> MutexGuard<'_, Open> {
        self.open.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

// === impl Listed ===

impl Listed {
    pub(super) fn member(&self) -> &Arc<Member> {
        &self.member
    }
}

impl Drop for Listed {
    fn drop(&mut self) {
        self.shared.lock().members.remove(&self.number);
        self.member.leave();
    }
}

/// The connections that were not asked to end, the oldest first.
fn staying(open: &Open) -> impl Iterator<Item = &Arc<Member>> {
    let members = open.members.values();
    members.filter(|member| member.ending() == Ending::None)
}

#[cfg(test)]
mod tests;
