//! Restores a sidecar after other webhooks. They may change it, as Istio rewrites probes and the Vertical Pod Autoscaler
//! sets resources; but webhooks that were built for an older Kubernetes API remove the fields that they do not know, such
//! as `restartPolicy`. Fields that are gone come back, and those that changed stay.

use serde_json::{Map, Value};

use crate::patch::{Patch, escaped};
use crate::pod::Position;

/// The lists that are merged, with the field that identifies an item. All others are one value.
const MERGED: [(&str, &str); 3] = [
    ("env", "name"),
    ("ports", "containerPort"),
    ("volumeMounts", "mountPath"),
];

/// Adds what the container lacks.
pub(crate) fn restore(patch: &mut Patch, found: &Position<'_>, wanted: &Value) {
    let at = format!("/spec/{}/{}", found.list, found.index);
    let (Some(current), Some(wanted)) = (found.container.as_object(), wanted.as_object()) else {
        return;
    };
    for (key, wanted) in wanted {
        let at = format!("{at}/{}", escaped(key));
        let identity = MERGED.iter().find(|(list, _)| list == key);
        match (present(current, key), identity) {
            (None, _) => patch.add(at, wanted.clone()),
            (Some(current), Some((_, identity))) => merge(patch, &at, current, wanted, identity),
            (Some(current), None) if key == "securityContext" => {
                fill(patch, &at, current, wanted);
            }
            // Any other value than `Always` would stop the sidecar before the application starts.
            (Some(current), None) if key == "restartPolicy" && current != wanted => {
                patch.add(at, wanted.clone());
            }
            _ => {}
        }
    }
}

fn present<'v>(object: &'v Map<String, Value>, key: &str) -> Option<&'v Value> {
    object.get(key).filter(|value| !value.is_null())
}

/// Adds the items that a list lacks.
fn merge(patch: &mut Patch, at: &str, current: &Value, wanted: &Value, identity: &str) {
    let (Some(current), Some(wanted)) = (current.as_array(), wanted.as_array()) else {
        return;
    };
    let lacks = |item: &&Value| {
        let key = item.get(identity);
        !current.iter().any(|other| other.get(identity) == key)
    };
    let missing: Vec<Value> = wanted.iter().filter(lacks).cloned().collect();
    patch.append(at, true, missing);
}

/// Adds the fields that an object lacks.
fn fill(patch: &mut Patch, at: &str, current: &Value, wanted: &Value) {
    let (Some(current), Some(wanted)) = (current.as_object(), wanted.as_object()) else {
        return;
    };
    let missing = wanted
        .iter()
        .filter(|(key, _)| present(current, key).is_none());
    let missing = missing.map(|(key, value)| (key.clone(), value.clone()));
    patch.extend(at, true, missing.collect());
}
