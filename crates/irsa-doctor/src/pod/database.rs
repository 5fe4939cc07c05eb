//! Databases: the connection, the request for a token, the login, and the session.

pub(super) mod probe;
pub(super) mod steps;
