//! Objects of the API, as far as the chain concerns them.

pub(crate) mod account;
pub(crate) mod metadata;
pub(crate) mod namespace;
pub(crate) mod pod;
pub(crate) mod pod_container;
pub(crate) mod pod_volume;
pub(crate) mod webhook;

use serde::Deserialize;

/// The answer to a list.
#[derive(Debug, Deserialize)]
pub(crate) struct List<T> {
    pub(crate) items: Vec<T>,
}
