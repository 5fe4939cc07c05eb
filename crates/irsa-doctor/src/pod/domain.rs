//! OpenSearch domains: one signed request, whose answer is read link by link.

pub(super) mod probe;
pub(super) mod steps;
