//! Databases: whether the server asks for a token, whether it accepts one, and what the session may use.

mod login;
pub(super) mod probe;
mod refusal;
pub(super) mod steps;
mod wire;
