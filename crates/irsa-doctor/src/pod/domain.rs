//! OpenSearch domains: the connection, and the response to a signed request, link by link.

pub(super) mod probe;
pub(super) mod steps;
