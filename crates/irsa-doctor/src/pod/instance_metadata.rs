//! The instance metadata service, and the node's role that an SDK would fall back to.

pub(super) mod probe;
pub(super) mod steps;
