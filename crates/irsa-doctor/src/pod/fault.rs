//! Faults that probes find.

use std::fmt::Display;

use irsa_chain::{Cause, Link};

use super::text::clean;

/// A fault of a data store or of the connection to it.
#[derive(Debug, Clone)]
pub(super) struct Fault {
    /// The cause; `None` if the fault allows no verdict.
    pub(super) cause: Option<Cause>,
    /// A sentence that is safe to print.
    pub(super) said: String,
    /// The remedy, if it is more specific than the cause's own.
    pub(super) remedy: Option<String>,
}

impl Fault {
    pub(super) fn new(cause: Cause, said: impl Display) -> Self {
        Self {
            cause: Some(cause),
            said: clean(&said.to_string()),
            remedy: None,
        }
    }

    /// A fault that allows no verdict.
    pub(super) fn unclear(said: impl Display) -> Self {
        Self {
            cause: None,
            said: clean(&said.to_string()),
            remedy: None,
        }
    }

    /// Returns whether the fault is in the endpoint itself, for every client.
    pub(super) fn is_in_endpoint(&self) -> bool {
        self.cause
            .is_some_and(|cause| cause.link() == Link::Endpoint)
    }

    pub(super) fn remedy(mut self, remedy: impl Into<String>) -> Self {
        self.remedy = Some(remedy.into());
        self
    }
}
