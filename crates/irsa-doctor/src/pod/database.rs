//! Databases: whether the server asks for a token, whether it accepts one, and what the session may use.

pub(super) mod probe;
pub(super) mod steps;
