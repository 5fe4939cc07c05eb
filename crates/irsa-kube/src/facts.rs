//! Kubernetes objects, reduced to the fields that the checks need.

pub(crate) mod account;
pub(crate) mod config_map;
pub(crate) mod metadata;
pub(crate) mod namespace;
pub(crate) mod pod;
pub(crate) mod pod_container;
pub(crate) mod pod_status;
pub(crate) mod pod_volume;
pub(crate) mod webhook;
pub(crate) mod workload;

use serde::Deserialize;

/// A page of a list.
#[derive(Debug, Deserialize)]
pub(crate) struct List<T> {
    #[serde(default)]
    pub(crate) metadata: ListMetadata,
    pub(crate) items: Vec<T>,
}

/// The metadata of a page.
#[derive(Debug, Default, Deserialize)]
pub(crate) struct ListMetadata {
    /// The version of the collection that the list shows.
    #[serde(rename = "resourceVersion", default)]
    pub(crate) resource_version: String,
    /// The token for the next page; absent or empty on the last page.
    #[serde(rename = "continue")]
    pub(crate) next: Option<String>,
}
