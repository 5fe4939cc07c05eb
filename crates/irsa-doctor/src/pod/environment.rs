//! The identity in the environment: the checks of the service account, and of the session name.

pub(super) mod probe;
pub(super) mod steps;
