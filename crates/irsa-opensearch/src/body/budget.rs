//! The space for bodies in memory and in files, and the queue of bodies that wait for it.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::sync::oneshot;
use tokio::time::timeout;

use super::BodyMetrics;

/// The storage of a body.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Place {
    Memory,
    File,
}

/// The space that all bodies share. Memory is assigned first, files second.
#[derive(Debug)]
pub(super) struct Budget {
    memory_limit: u64,
    file_limit: u64,
    state: Mutex<State>,
}

/// Reserved space, which is released on drop.
#[derive(Debug)]
pub(super) struct Reservation {
    budget: Arc<Budget>,
    place: Place,
    bytes: u64,
    metrics: BodyMetrics,
}

#[derive(Debug, Default)]
struct State {
    memory: u64,
    files: u64,
    /// The queue, first in, first out. It also contains waiters that have given up.
    waiting: VecDeque<Waiter>,
}

#[derive(Debug)]
struct Waiter {
    bytes: u64,
    metrics: BodyMetrics,
    grant: oneshot::Sender<Reservation>,
}

/// A position in the queue. When it is given up, the next waiter may fit.
struct Queued<'a> {
    budget: &'a Arc<Budget>,
    metrics: &'a BodyMetrics,
    granted: oneshot::Receiver<Reservation>,
}

// === impl Budget ===

impl Budget {
    pub(super) fn new(memory_limit: u64, file_limit: u64) -> Self {
        Self {
            memory_limit,
            file_limit,
            state: Mutex::default(),
        }
    }

    pub(super) fn used(&self, place: Place) -> u64 {
        *self.lock().used(place)
    }

    /// Returns the maximum size of a single body.
    pub(super) fn largest(&self) -> u64 {
        self.memory_limit.max(self.file_limit)
    }

    /// Reserves `bytes` after all earlier requests have been served. Holds nothing while it waits. Returns `None` if
    /// the space does not become free within `wait`.
    pub(super) async fn reserve(
        self: &Arc<Self>,
        bytes: u64,
        wait: Duration,
        metrics: &BodyMetrics,
    ) -> Option<Reservation> {
        let mut queued = {
            let mut state = self.lock();
            if state.waiting.is_empty()
                && let Some(place) = self.take(&mut state, bytes)
            {
                return Some(self.reservation(place, bytes, metrics));
            }
            self.queue(&mut state, bytes, metrics)
        };
        // Earlier waiters may have given up, so this one may fit although nothing was released.
        self.serve_waiting();
        timeout(wait, &mut queued.granted).await.ok()?.ok()
    }

    /// Reserves space in a file, ahead of waiting bodies: they hold nothing, while this body already holds memory.
    pub(super) fn reserve_in_file(
        self: &Arc<Self>,
        bytes: u64,
        metrics: &BodyMetrics,
    ) -> Option<Reservation> {
        let is_taken = self.take_from(&mut self.lock(), Place::File, bytes);
        is_taken.then(|| self.reservation(Place::File, bytes, metrics))
    }

    fn queue<'a>(
        self: &'a Arc<Self>,
        state: &mut State,
        bytes: u64,
        metrics: &'a BodyMetrics,
    ) -> Queued<'a> {
        let (grant, granted) = oneshot::channel();
        state.waiting.push_back(Waiter {
            bytes,
            metrics: metrics.clone(),
            grant,
        });
        metrics.waiting.inc();
        Queued {
            budget: self,
            metrics,
            granted,
        }
    }

    /// Assigns free space to waiting bodies, in order.
    fn serve_waiting(self: &Arc<Self>) {
        while let Some((grant, reservation)) = self.next_grant() {
            // A reservation that is no longer wanted is released here, outside of the lock.
            drop(grant.send(reservation));
        }
    }

    fn next_grant(self: &Arc<Self>) -> Option<(oneshot::Sender<Reservation>, Reservation)> {
        let mut state = self.lock();
        while state
            .waiting
            .front()
            .is_some_and(|first| first.grant.is_closed())
        {
            state.waiting.pop_front();
        }
        let bytes = state.waiting.front()?.bytes;
        let place = self.take(&mut state, bytes)?;
        let first = state.waiting.pop_front()?;
        let reservation = self.reservation(place, bytes, &first.metrics);
        Some((first.grant, reservation))
    }

    fn take(&self, state: &mut State, bytes: u64) -> Option<Place> {
        let places = [Place::Memory, Place::File];
        places
            .into_iter()
            .find(|place| self.take_from(state, *place, bytes))
    }

    fn take_from(&self, state: &mut State, place: Place, bytes: u64) -> bool {
        let limit = match place {
            Place::Memory => self.memory_limit,
            Place::File => self.file_limit,
        };
        let used = state.used(place);
        let after = used.checked_add(bytes).filter(|after| *after <= limit);
        after.inspect(|after| *used = *after).is_some()
    }

    fn reservation(
        self: &Arc<Self>,
        place: Place,
        bytes: u64,
        metrics: &BodyMetrics,
    ) -> Reservation {
        metrics.in_use(place).inc_by(signed(bytes));
        Reservation {
            budget: Arc::clone(self),
            place,
            bytes,
            metrics: metrics.clone(),
        }
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

// === impl State ===

impl State {
    fn used(&mut self, place: Place) -> &mut u64 {
        match place {
            Place::Memory => &mut self.memory,
            Place::File => &mut self.files,
        }
    }
}

// === impl Reservation ===

impl Reservation {
    pub(super) fn place(&self) -> Place {
        self.place
    }

    pub(super) fn bytes(&self) -> u64 {
        self.bytes
    }

    /// Reserves `more` bytes, ahead of waiting bodies. Returns `false` and reserves nothing if they are not free.
    pub(super) fn grow(&mut self, more: u64) -> bool {
        let budget = &self.budget;
        let is_taken = budget.take_from(&mut budget.lock(), self.place, more);
        if is_taken {
            self.bytes += more;
            self.metrics.in_use(self.place).inc_by(signed(more));
        }
        is_taken
    }

    /// Releases all but `bytes`.
    pub(super) fn shrink(&mut self, bytes: u64) {
        self.give_back(self.bytes.saturating_sub(bytes));
    }

    fn give_back(&mut self, bytes: u64) {
        if bytes == 0 {
            return;
        }
        let has_waiting = {
            let mut state = self.budget.lock();
            *state.used(self.place) -= bytes;
            !state.waiting.is_empty()
        };
        self.bytes -= bytes;
        self.metrics.in_use(self.place).dec_by(signed(bytes));
        if has_waiting {
            self.budget.serve_waiting();
        }
    }
}

impl Drop for Reservation {
    fn drop(&mut self) {
        self.give_back(self.bytes);
    }
}

// === impl Queued ===

impl Drop for Queued<'_> {
    fn drop(&mut self) {
        self.metrics.waiting.dec();
        self.granted.close();
        self.budget.serve_waiting();
    }
}

fn signed(bytes: u64) -> i64 {
    i64::try_from(bytes).unwrap_or(i64::MAX)
}

#[cfg(test)]
mod tests;
