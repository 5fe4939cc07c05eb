//! A value that can be replaced while it is in use.

use std::sync::{Arc, PoisonError, RwLock};

/// A value that can be replaced as a whole. Code that already uses the value keeps the old one.
#[derive(Debug, Default)]
pub struct Replaceable<T>(RwLock<Arc<T>>);

// === impl Replaceable ===

impl<T> Replaceable<T> {
    /// Creates a holder of `value`.
    pub fn new(value: T) -> Self {
        Self(RwLock::new(Arc::new(value)))
    }

    /// Returns the current value.
    pub fn current(&self) -> Arc<T> {
        Arc::clone(&self.0.read().unwrap_or_else(PoisonError::into_inner))
    }

    /// Replaces the value for all further calls of [`Replaceable::current`].
    pub fn replace(&self, value: T) {
        *self.0.write().unwrap_or_else(PoisonError::into_inner) = Arc::new(value);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn code_in_progress_keeps_the_old_value() {
        let value = Replaceable::new(1);
        let before = value.current();
        value.replace(2);
        assert_eq!((*before, *value.current()), (1, 2));
    }
}
