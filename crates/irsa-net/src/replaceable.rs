//! A value that is replaced while others use it.

use std::sync::{Arc, PoisonError, RwLock};

/// A value that can be replaced as a whole. Code that uses it keeps the value that it started with.
#[derive(Debug, Default)]
pub struct Replaceable<T>(RwLock<Arc<T>>);

// === impl Replaceable ===

impl<T> Replaceable<T> {
    /// A holder of `value`.
    pub fn new(value: T) -> Self {
        Self(RwLock::new(Arc::new(value)))
    }

    /// Returns the current value.
    pub fn current(&self) -> Arc<T> {
        Arc::clone(&self.0.read().unwrap_or_else(PoisonError::into_inner))
    }

    /// Replaces the value, for code that asks for it from now on.
    pub fn replace(&self, value: T) {
        *self.0.write().unwrap_or_else(PoisonError::into_inner) = Arc::new(value);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_user_keeps_the_value_that_it_started_with() {
        let value = Replaceable::new(1);
        let before = value.current();
        value.replace(2);
        assert_eq!((*before, *value.current()), (1, 2));
    }
}
