//! JSON Patch (RFC 6902).

use serde::Serialize;
use serde_json::{Map, Value};

/// A list of operations. Each adds or replaces as little as possible, so that a patch never touches fields that other
/// webhooks or newer versions of the API added.
#[derive(Debug, Clone, Default, PartialEq, Serialize)]
#[serde(transparent)]
pub(crate) struct Patch(Vec<Operation>);

#[derive(Debug, Clone, PartialEq, Serialize)]
struct Operation {
    op: &'static str,
    path: String,
    value: Value,
}

impl Patch {
    pub(crate) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Adds a value, or replaces the one at the path (RFC 6902, section 4.1).
    pub(crate) fn add(&mut self, path: impl Into<String>, value: impl Into<Value>) {
        self.0.push(Operation {
            op: "add",
            path: path.into(),
            value: value.into(),
        });
    }

    /// Adds an item at the start of a list, which is created if it does not exist.
    pub(crate) fn prepend(&mut self, list: &str, exists: bool, item: Value) {
        self.insert(list, exists, "0", item);
    }

    /// Adds items at the end of a list, which is created if it does not exist.
    pub(crate) fn append(&mut self, list: &str, exists: bool, items: Vec<Value>) {
        let mut exists = exists;
        for item in items {
            self.insert(list, exists, "-", item);
            exists = true;
        }
    }

    fn insert(&mut self, list: &str, exists: bool, at: &str, item: Value) {
        if exists {
            self.add(format!("{list}/{at}"), item);
        } else {
            self.add(list, vec![item]);
        }
    }

    /// Adds entries to a map, which is created if it does not exist.
    pub(crate) fn extend(&mut self, map: &str, exists: bool, entries: Map<String, Value>) {
        if entries.is_empty() {
            return;
        }
        if !exists {
            self.add(map, entries);
            return;
        }
        for (key, value) in entries {
            self.add(format!("{map}/{}", escaped(&key)), value);
        }
    }
}

/// A key as part of a JSON Pointer (RFC 6901, section 3).
pub(crate) fn escaped(key: &str) -> String {
    key.replace('~', "~0").replace('/', "~1")
}
