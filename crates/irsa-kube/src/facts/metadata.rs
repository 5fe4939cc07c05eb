//! The metadata of all objects.

use std::collections::BTreeMap;
use std::time::SystemTime;

use irsa_chain::timestamp::parse_rfc3339;
use serde::de::IgnoredAny;
use serde::{Deserialize, Deserializer};
use serde_json::Value;

/// Name, labels, annotations and times of an object.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct Metadata {
    /// The name.
    pub name: String,
    /// The namespace; empty for cluster-scoped objects.
    pub namespace: String,
    /// The unique ID, which differs from that of earlier and later objects with the same name.
    pub uid: String,
    /// The version of the object, which each change replaces.
    pub resource_version: String,
    /// The labels.
    pub labels: BTreeMap<String, String>,
    /// The annotations.
    pub annotations: BTreeMap<String, String>,
    /// The time of creation, by the API server's clock.
    #[serde(rename = "creationTimestamp", deserialize_with = "instant")]
    pub created: Option<SystemTime>,
    /// The objects that it belongs to, such as a `ReplicaSet`.
    #[serde(rename = "ownerReferences")]
    pub owners: Vec<Owner>,
    /// Its deletion has started; a pod still has its grace period.
    #[serde(rename = "deletionTimestamp", deserialize_with = "is_present")]
    pub is_being_deleted: bool,
    managed_fields: Vec<ManagedFields>,
}

/// The owner of an object.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct Owner {
    /// The group and version of its kind, such as `apps/v1`.
    pub api_version: String,
    /// `ReplicaSet`, `StatefulSet`, `Job`, …
    pub kind: String,
    /// Its name.
    pub name: String,
    /// Its unique ID.
    pub uid: String,
    /// It is the controller that created the object.
    #[serde(rename = "controller", deserialize_with = "is_true")]
    pub is_controller: bool,
}

/// The fields that a manager set, and the time of its last change.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase", default)]
struct ManagedFields {
    #[serde(deserialize_with = "instant")]
    time: Option<SystemTime>,
    fields_v1: Value,
}

impl Metadata {
    /// The time at which this annotation was last set, according to the managed fields. It is too late if the same
    /// manager has changed other fields since.
    pub fn annotated(&self, key: &str) -> Option<SystemTime> {
        let set = self.managed_fields.iter().filter(|entry| {
            let annotations = &entry.fields_v1["f:metadata"]["f:annotations"];
            annotations.get(format!("f:{key}")).is_some()
        });
        set.filter_map(|entry| entry.time).max()
    }
}

fn is_present<'de, D: Deserializer<'de>>(deserializer: D) -> Result<bool, D::Error> {
    let any: Option<IgnoredAny> = Deserialize::deserialize(deserializer)?;
    Ok(any.is_some())
}

fn is_true<'de, D: Deserializer<'de>>(deserializer: D) -> Result<bool, D::Error> {
    let any: Option<bool> = Deserialize::deserialize(deserializer)?;
    Ok(any == Some(true))
}

/// Reads a time in RFC 3339 format; an invalid time counts as absent.
fn instant<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<SystemTime>, D::Error> {
    let text: Option<String> = Deserialize::deserialize(deserializer)?;
    Ok(text.and_then(|text| parse_rfc3339(&text)))
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    #[test]
    fn reads_the_time_of_an_annotation() {
        let text = r#"{
            "creationTimestamp": "1970-01-01T00:00:01Z",
            "managedFields": [
                {"time": "1970-01-01T00:01:00Z",
                 "fieldsV1": {"f:metadata": {"f:annotations": {".": {}, "f:a/b": {}}}}},
                {"time": "1970-01-01T00:02:00Z", "fieldsV1": {"f:metadata": {"f:labels": {}}}}]}"#;
        let metadata: Metadata = serde_json::from_str(text).unwrap();
        let after = |seconds| Some(SystemTime::UNIX_EPOCH + Duration::from_secs(seconds));
        assert_eq!(metadata.created, after(1));
        assert_eq!(metadata.annotated("a/b"), after(60));
        assert_eq!(metadata.annotated("a/c"), None);
    }
}
