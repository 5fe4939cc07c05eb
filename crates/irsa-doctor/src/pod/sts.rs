//! STS: the connection, the response to the token, link by link, and the caller's role.

pub(super) mod probe;
pub(super) mod steps;
