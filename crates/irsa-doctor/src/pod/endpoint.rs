//! The connection to a data store: its name, TCP, TLS.

pub(super) mod probe;
pub(super) mod steps;
