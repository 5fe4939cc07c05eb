//! Objects of the API, as far as the chain concerns them.

pub(crate) mod account;
pub(crate) mod metadata;
pub(crate) mod namespace;
pub(crate) mod pod;
pub(crate) mod pod_container;
pub(crate) mod pod_status;
pub(crate) mod pod_volume;
pub(crate) mod webhook;

use serde::Deserialize;

/// A page of the answer to a list.
#[derive(Debug, Deserialize)]
pub(crate) struct List<T> {
    #[serde(default)]
    pub(crate) metadata: ListMetadata,
    pub(crate) items: Vec<T>,
}

/// What a page says of the list.
#[derive(Debug, Default, Deserialize)]
pub(crate) struct ListMetadata {
    /// What the next page is asked for with; absent or empty on the last one.
    #[serde(rename = "continue")]
    pub(crate) next: Option<String>,
}
