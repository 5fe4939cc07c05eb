//! Limits for documents, which protect against hostile input.

/// The maximum size of a policy in bytes. IAM's quotas are far lower.
pub(crate) const MAX_BYTES: usize = 1 << 20;

/// The maximum nesting depth of a policy. A valid one has at most six levels.
pub(crate) const MAX_DEPTH: usize = 32;
