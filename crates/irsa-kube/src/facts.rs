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

use serde::{Deserialize, Deserializer};

/// A page of a list.
#[derive(Debug, Deserialize)]
#[serde(bound = "T: Deserialize<'de>")]
pub(crate) struct List<T> {
    #[serde(default)]
    pub(crate) metadata: ListMetadata,
    #[serde(deserialize_with = "items")]
    pub(crate) items: Vec<T>,
}

/// The API server sends `null` if a list of metadata is empty.
fn items<'de, T, D>(deserializer: D) -> Result<Vec<T>, D::Error>
where
    T: Deserialize<'de>,
    D: Deserializer<'de>,
{
    Ok(Option::deserialize(deserializer)?.unwrap_or_default())
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_list_of_null_is_empty_and_a_list_without_items_is_an_error() {
        let parse = serde_json::from_str::<List<u8>>;
        assert!(parse(r#"{"items": null}"#).unwrap().items.is_empty());
        assert_eq!(parse(r#"{"items": [1]}"#).unwrap().items, [1_u8]);
        parse("{}").unwrap_err();
    }
}
