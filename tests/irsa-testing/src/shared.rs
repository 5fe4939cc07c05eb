//! Servers that several tests share.

use std::sync::{Arc, Mutex, PoisonError, Weak};

/// A value that is created for the first test that needs it, and dropped after the last one that holds it.
#[derive(Debug)]
pub struct Shared<T>(Mutex<Weak<T>>);

impl<T> Shared<T> {
    /// An empty place, for a `static`.
    #[must_use]
    #[expect(
        clippy::new_without_default,
        reason = "a static needs a constant function"
    )]
    pub const fn new() -> Self {
        Self(Mutex::new(Weak::new()))
    }

    /// Returns the value. `start` creates it if no test holds it; `None` if `start` cannot.
    pub fn get_or_start(&self, start: impl FnOnce() -> Option<T>) -> Option<Arc<T>> {
        let mut place = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(shared) = place.upgrade() {
            return Some(shared);
        }
        let shared = Arc::new(start()?);
        *place = Arc::downgrade(&shared);
        Some(shared)
    }
}
