//! The connection to a data store: DNS, TCP, TLS.

pub(super) mod probe;
pub(super) mod steps;
