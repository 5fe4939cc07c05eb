//! Service accounts.

use serde::Deserialize;

use super::metadata::Metadata;

/// A service account with its annotations.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
pub struct AccountObject {
    /// Its name and annotations.
    pub metadata: Metadata,
}
