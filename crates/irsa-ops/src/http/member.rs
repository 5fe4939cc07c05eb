//! One connection as the server keeps account of it.

use std::sync::atomic::{AtomicBool, AtomicU8, AtomicU64, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::task::{Context, Waker};
use std::time::Duration;

use irsa_net::limit::{Permit, Unauthenticated};
use tokio::time::Instant;

/// What a connection is doing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub(super) enum Phase {
    /// It waits for the first byte of a request.
    Idle,
    /// A TLS handshake or a request's header has begun.
    Header,
    /// A request is being answered.
    Busy,
}

/// How a connection is asked to end.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub(super) enum Ending {
    None,
    /// After the request that is under way.
    Graceful,
    /// Immediately.
    Cut,
}

/// What a connection counts as.
#[derive(Debug)]
pub(super) enum Place {
    /// A connection that is served.
    Served { _permit: Permit },
    /// A client of another machine that has not authenticated.
    Unauthenticated { _place: Unauthenticated },
    /// A client that gets the answer that there are too many.
    Refused { _permit: Permit },
}

/// The state of one connection, shared by its task, its requests and the list of all connections.
#[derive(Debug)]
pub(super) struct Member {
    opened: Instant,
    phase: AtomicU8,
    /// When the phase began, in nanoseconds after `opened`.
    since: AtomicU64,
    /// Whether the client does not take what is written to it.
    is_blocked: AtomicBool,
    /// Whether a response's body waits for that client.
    is_body_held: AtomicBool,
    ending: AtomicU8,
    waker: Mutex<Option<Waker>>,
    /// Whether the deadline for authenticating applies.
    is_stranger: AtomicBool,
    is_refused: bool,
    place: Mutex<Option<Place>>,
}

// === impl Member ===

impl Member {
    pub(super) fn new(place: Place) -> Self {
        Self {
            opened: Instant::now(),
            phase: AtomicU8::new(Phase::Idle as u8),
            since: AtomicU64::new(0),
            is_blocked: AtomicBool::new(false),
            is_body_held: AtomicBool::new(false),
            ending: AtomicU8::new(Ending::None as u8),
            waker: Mutex::new(None),
            is_stranger: AtomicBool::new(matches!(place, Place::Unauthenticated { .. })),
            is_refused: matches!(place, Place::Refused { .. }),
            place: Mutex::new(Some(place)),
        }
    }

    pub(super) fn opened(&self) -> Instant {
        self.opened
    }

    pub(super) fn phase(&self) -> Phase {
        match self.phase.load(Ordering::Relaxed) {
            0 => Phase::Idle,
            1 => Phase::Header,
            _ => Phase::Busy,
        }
    }

    /// When the phase began. For [`Phase::Busy`] it is not kept.
    pub(super) fn since(&self) -> Instant {
        self.opened + Duration::from_nanos(self.since.load(Ordering::Relaxed))
    }

    /// Whether nothing is under way, nor on its way to the client.
    pub(super) fn is_idle(&self) -> bool {
        self.phase() == Phase::Idle && !self.is_blocked()
    }

    /// The client sent something.
    pub(super) fn received(&self) {
        if self.phase() == Phase::Idle {
            self.enter(Phase::Header);
        }
    }

    /// A request's header is complete.
    pub(super) fn request_begun(&self) {
        self.phase.store(Phase::Busy as u8, Ordering::Relaxed);
    }

    /// A response has been handed over whole, or a TLS handshake is over.
    pub(super) fn became_idle(&self) {
        self.enter(Phase::Idle);
    }

    pub(super) fn is_blocked(&self) -> bool {
        self.is_blocked.load(Ordering::Relaxed)
    }

    /// A write to the client could, or could not, be completed.
    pub(super) fn set_blocked(&self, is_blocked: bool) {
        if self.is_blocked() == is_blocked {
            return;
        }
        self.is_blocked.store(is_blocked, Ordering::Relaxed);
        if self.phase() == Phase::Idle {
            self.enter(Phase::Idle);
        }
    }

    /// Returns whether the client does not take what is written to it. The next piece of the body then waits for
    /// [`release_body`](Self::release_body).
    pub(super) fn holds_body(&self) -> bool {
        let is_blocked = self.is_blocked();
        if is_blocked {
            self.is_body_held.store(true, Ordering::Relaxed);
        }
        is_blocked
    }

    /// Returns whether a body was held and may go on.
    pub(super) fn release_body(&self) -> bool {
        !self.is_blocked() && self.is_body_held.swap(false, Ordering::Relaxed)
    }

    pub(super) fn ending(&self) -> Ending {
        match self.ending.load(Ordering::Relaxed) {
            0 => Ending::None,
            1 => Ending::Graceful,
            _ => Ending::Cut,
        }
    }

    /// Asks the connection's task to end it.
    pub(super) fn end(&self, ending: Ending) {
        self.ending.store(ending as u8, Ordering::Relaxed);
        if let Some(waker) = lock(&self.waker).take() {
            waker.wake();
        }
    }

    /// Wakes this task when the connection is to end.
    pub(super) fn register(&self, cx: &Context<'_>) {
        let mut waker = lock(&self.waker);
        if !waker.as_ref().is_some_and(|old| old.will_wake(cx.waker())) {
            *waker = Some(cx.waker().clone());
        }
    }

    pub(super) fn is_stranger(&self) -> bool {
        self.is_stranger.load(Ordering::Relaxed)
    }

    pub(super) fn is_refused(&self) -> bool {
        self.is_refused
    }

    /// Whether it takes one of the places of the connections that are served.
    pub(super) fn is_served(&self) -> bool {
        !self.is_stranger() && !self.is_refused
    }

    /// From now on the client counts among those that are served.
    pub(super) fn authenticated(&self, permit: Permit) {
        self.is_stranger.store(false, Ordering::Relaxed);
        *lock(&self.place) = Some(Place::Served { _permit: permit });
    }

    /// Gives the place back.
    pub(super) fn leave(&self) {
        *lock(&self.place) = None;
    }

    fn enter(&self, phase: Phase) {
        let since = u64::try_from(self.opened.elapsed().as_nanos()).unwrap_or(u64::MAX);
        self.since.store(since, Ordering::Relaxed);
        self.phase.store(phase as u8, Ordering::Relaxed);
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
