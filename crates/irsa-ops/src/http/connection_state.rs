//! The state of a single connection.

use std::sync::atomic::{AtomicBool, AtomicU8, AtomicU64, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::task::{Context, Waker};
use std::time::Duration;

use irsa_net::limit::{Permit, Unauthenticated};
use tokio::time::Instant;

/// The phase of a connection.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub(super) enum Phase {
    /// Waiting for the first byte of a request.
    Idle,
    /// Receiving a TLS handshake or the headers of a request.
    Header,
    /// Processing a request.
    Busy,
}

/// A request to end a connection.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub(super) enum Ending {
    None,
    /// After the current request.
    Graceful,
    /// Immediately.
    Cut,
}

/// The limit that a connection counts towards.
#[derive(Debug)]
pub(super) enum Slot {
    /// The limit of connections.
    Served { _permit: Permit },
    /// The limit of remote clients that have not authenticated.
    Unauthenticated { _slot: Unauthenticated },
    /// The limit of clients that get a response that there are too many.
    Refused { _permit: Permit },
}

/// The state of one connection, shared by its task, its requests and the list of all connections.
#[derive(Debug)]
pub(super) struct ConnectionState {
    opened: Instant,
    phase: AtomicU8,
    /// The start of the phase, in nanoseconds after `opened`.
    since: AtomicU64,
    /// True if the client does not read the data that is written to it.
    is_blocked: AtomicBool,
    /// True if a response body waits for that client.
    is_body_held: AtomicBool,
    ending: AtomicU8,
    waker: Mutex<Option<Waker>>,
    /// True if the deadline for authentication applies.
    is_unauthenticated: AtomicBool,
    is_refused: bool,
    slot: Mutex<Option<Slot>>,
}

// === impl ConnectionState ===

impl ConnectionState {
    pub(super) fn new(slot: Slot) -> Self {
        Self {
            opened: Instant::now(),
            phase: AtomicU8::new(Phase::Idle as u8),
            since: AtomicU64::new(0),
            is_blocked: AtomicBool::new(false),
            is_body_held: AtomicBool::new(false),
            ending: AtomicU8::new(Ending::None as u8),
            waker: Mutex::new(None),
            is_unauthenticated: AtomicBool::new(matches!(slot, Slot::Unauthenticated { .. })),
            is_refused: matches!(slot, Slot::Refused { .. }),
            slot: Mutex::new(Some(slot)),
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

    /// Returns the start of the phase, which is not recorded for [`Phase::Busy`].
    pub(super) fn since(&self) -> Instant {
        self.opened + Duration::from_nanos(self.since.load(Ordering::Relaxed))
    }

    /// Returns whether there is no request and no data to be written.
    pub(super) fn is_idle(&self) -> bool {
        self.phase() == Phase::Idle && !self.is_blocked()
    }

    /// Records that the client sent data.
    pub(super) fn received(&self) {
        if self.phase() == Phase::Idle {
            self.enter(Phase::Header);
        }
    }

    /// Records that the headers of a request are complete.
    pub(super) fn request_begun(&self) {
        self.phase.store(Phase::Busy as u8, Ordering::Relaxed);
    }

    /// Records that a response has been handed over completely, or that a TLS handshake has ended.
    pub(super) fn became_idle(&self) {
        self.enter(Phase::Idle);
    }

    pub(super) fn is_blocked(&self) -> bool {
        self.is_blocked.load(Ordering::Relaxed)
    }

    /// Records whether a write to the client blocked.
    pub(super) fn set_blocked(&self, is_blocked: bool) {
        if self.is_blocked() == is_blocked {
            return;
        }
        self.is_blocked.store(is_blocked, Ordering::Relaxed);
        if self.phase() == Phase::Idle {
            self.enter(Phase::Idle);
        }
    }

    /// Returns whether the client does not read. If so, the next piece of the body waits for
    /// [`release_body`](Self::release_body).
    pub(super) fn holds_body(&self) -> bool {
        let is_blocked = self.is_blocked();
        if is_blocked {
            self.is_body_held.store(true, Ordering::Relaxed);
        }
        is_blocked
    }

    /// Returns whether a body was held and may continue.
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

    /// Wakes this task when the connection is asked to end.
    pub(super) fn register(&self, cx: &Context<'_>) {
        let mut waker = lock(&self.waker);
        if !waker.as_ref().is_some_and(|old| old.will_wake(cx.waker())) {
            *waker = Some(cx.waker().clone());
        }
    }

    pub(super) fn is_unauthenticated(&self) -> bool {
        self.is_unauthenticated.load(Ordering::Relaxed)
    }

    pub(super) fn is_refused(&self) -> bool {
        self.is_refused
    }

    /// Returns whether it counts towards the limit of connections.
    pub(super) fn is_served(&self) -> bool {
        !self.is_unauthenticated() && !self.is_refused
    }

    /// Counts the connection towards the limit of connections from now on.
    pub(super) fn authenticated(&self, permit: Permit) {
        self.is_unauthenticated.store(false, Ordering::Relaxed);
        *lock(&self.slot) = Some(Slot::Served { _permit: permit });
    }

    /// Releases the slot.
    pub(super) fn leave(&self) {
        *lock(&self.slot) = None;
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
