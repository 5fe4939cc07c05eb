//! The instance metadata service, and the node's role that an SDK may fall back to.

pub(super) mod probe;
pub(super) mod steps;
