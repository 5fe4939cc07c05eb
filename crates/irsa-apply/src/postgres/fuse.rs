//! Cuts the sessions of a test after some statements, as if the process were killed.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use crate::ApplyError;

/// The number of statements that are left; `None` never cuts.
#[derive(Debug, Clone, Default)]
pub(super) struct Fuse(Option<Arc<AtomicUsize>>);

impl Fuse {
    pub(super) fn after(statements: Option<usize>) -> Self {
        Self(statements.map(|count| Arc::new(count.into())))
    }

    /// Counts a statement that was run. Fails from the last one on.
    pub(super) fn burn(&self) -> Result<(), ApplyError> {
        let Some(left) = &self.0 else {
            return Ok(());
        };
        let less = |count: usize| Some(count.saturating_sub(1));
        match left.fetch_update(Ordering::Relaxed, Ordering::Relaxed, less) {
            Ok(before) if before > 1 => Ok(()),
            _ => Err(ApplyError::new("cut by the test")),
        }
    }
}
