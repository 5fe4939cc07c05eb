//! The identity that the environment gives: the link of the service account, and the session's name.

pub(super) mod probe;
pub(super) mod steps;
