//! Namespaces.

use serde::Deserialize;

use super::metadata::Metadata;

/// A namespace with its labels.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
pub struct Namespace {
    /// Its name and labels.
    pub metadata: Metadata,
}
