//! The reason why a store could not be set up.

use std::fmt;

/// A failure with its remedy. Contains no secrets.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ApplyError {
    /// The failure and its reason.
    pub message: String,
    /// The remedy.
    pub remedy: Option<String>,
}

// === impl ApplyError ===

impl ApplyError {
    /// Creates an error without a remedy.
    pub fn new(message: impl Into<String>) -> Self {
        Self {
            message: message.into(),
            remedy: None,
        }
    }

    /// Adds what to do.
    #[must_use]
    pub fn with_remedy(mut self, remedy: impl Into<String>) -> Self {
        self.remedy = Some(remedy.into());
        self
    }
}

impl fmt::Display for ApplyError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)
    }
}

impl std::error::Error for ApplyError {}
