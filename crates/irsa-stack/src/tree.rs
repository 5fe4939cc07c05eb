//! A YAML document as a tree in which every value knows its place, so that files can be merged and mistakes found late
//! still point into the right file.

mod read;

use std::collections::{HashMap, HashSet};

use serde_json::{Map as JsonMap, Value as Json};

pub use self::read::MAX_FILE_BYTES;
pub(crate) use self::read::parse;
use crate::mistake::Place;

/// A value and where it was written.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Node {
    pub(crate) value: Value,
    pub(crate) place: Place,
}

/// A YAML value.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Value {
    Null,
    Flag(bool),
    Integer(i64),
    Number(f64),
    Text(String),
    List(Vec<Node>),
    Map(Vec<Entry>),
}

/// A key with its value.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Entry {
    pub(crate) key: String,
    pub(crate) key_place: Place,
    pub(crate) node: Node,
}

// === impl Node ===

impl Node {
    /// The entries of a map; nothing for other values.
    pub(crate) fn entries(&self) -> &[Entry] {
        match &self.value {
            Value::Map(entries) => entries,
            _ => &[],
        }
    }

    /// The value of a key, which is compared with each one: large maps are not searched like this.
    pub(crate) fn child(&self, key: &str) -> Option<&Entry> {
        self.entries().iter().find(|entry| entry.is_called(key))
    }

    /// The place of the value at `path`, or of its nearest parent that exists.
    pub(crate) fn place_of(&self, path: &[&str]) -> Place {
        let mut node = self;
        let mut place = self.place.clone();
        for key in path {
            let Some(entry) = node.child(key) else {
                return place;
            };
            node = &entry.node;
            place = if matches!(node.value, Value::Map(_) | Value::List(_)) {
                entry.key_place.clone()
            } else {
                node.place.clone()
            };
        }
        place
    }

    /// The place of the key that ends `path`.
    pub(crate) fn key_place(&self, path: &[&str]) -> Place {
        let (parents, last) = path.split_at(path.len().saturating_sub(1));
        let parent = parents
            .iter()
            .try_fold(self, |node, key| node.child(key).map(|entry| &entry.node));
        let entry = parent.and_then(|parent| parent.child(last.first()?));
        entry.map_or_else(|| self.place_of(path), |entry| entry.key_place.clone())
    }

    /// Lays `overlay` over this value: maps are merged, everything else is replaced.
    pub(crate) fn merge(&mut self, overlay: Self) {
        match (&mut self.value, overlay.value) {
            (Value::Map(entries), Value::Map(over)) => {
                merge_entries(entries, over);
            }
            (value, over) => {
                *value = over;
                self.place = overlay.place;
            }
        }
    }

    /// Removes keys whose value is `null`.
    pub(crate) fn without_nulls(mut self) -> Self {
        match &mut self.value {
            Value::Map(entries) => {
                entries.retain(|entry| entry.node.value != Value::Null);
                for entry in entries {
                    let node = std::mem::replace(&mut entry.node, Self::null());
                    entry.node = node.without_nulls();
                }
            }
            Value::List(nodes) => {
                let old = std::mem::take(nodes);
                *nodes = old.into_iter().map(Self::without_nulls).collect();
            }
            _ => {}
        }
        self
    }

    /// The value without its places.
    pub(crate) fn to_json(&self) -> Json {
        match &self.value {
            Value::Null => Json::Null,
            Value::Flag(flag) => (*flag).into(),
            Value::Integer(integer) => (*integer).into(),
            Value::Number(number) => (*number).into(),
            Value::Text(text) => text.as_str().into(),
            Value::List(nodes) => nodes.iter().map(Self::to_json).collect(),
            Value::Map(entries) => {
                let entries = entries.iter();
                let pairs = entries.map(|entry| (entry.key.clone(), entry.node.to_json()));
                Json::Object(pairs.collect::<JsonMap<_, _>>())
            }
        }
    }

    /// The value of a document that was read without places.
    pub(crate) fn from_json(json: &Json, place: &Place) -> Self {
        let value = match json {
            Json::Null => Value::Null,
            Json::Bool(flag) => Value::Flag(*flag),
            Json::Number(number) => match (number.as_i64(), number.as_f64()) {
                (Some(integer), _) => Value::Integer(integer),
                (None, Some(number)) => Value::Number(number),
                (None, None) => Value::Text(number.to_string()),
            },
            Json::String(text) => Value::Text(text.clone()),
            Json::Array(items) => {
                let items = items.iter().map(|item| Self::from_json(item, place));
                Value::List(items.collect())
            }
            Json::Object(entries) => {
                let entries = entries.iter().map(|(key, json)| Entry {
                    key: key.clone(),
                    key_place: place.clone(),
                    node: Self::from_json(json, place),
                });
                Value::Map(entries.collect())
            }
        };
        Self {
            value,
            place: place.clone(),
        }
    }

    fn null() -> Self {
        Self {
            value: Value::Null,
            place: Place::default(),
        }
    }
}

// === impl Entry ===

impl Entry {
    fn is_called(&self, key: &str) -> bool {
        #[cfg(test)]
        COMPARISONS.with(|count| count.set(count.get() + 1));
        self.key == key
    }
}

#[cfg(test)]
thread_local! {
    static COMPARISONS: std::cell::Cell<usize> = const { std::cell::Cell::new(0) };
}

/// The number of keys that were compared by this thread.
#[cfg(test)]
pub(crate) fn comparisons() -> usize {
    COMPARISONS.with(std::cell::Cell::get)
}

/// Keys are looked up in a table: both maps may have as many entries as the parser permits.
fn merge_entries(entries: &mut Vec<Entry>, over: Vec<Entry>) {
    let keys = entries.iter().map(|entry| entry.key.clone());
    let places: HashMap<String, usize> = keys.zip(0..).collect();
    let mut removed = HashSet::new();
    for over in over {
        let place = places.get(&over.key).copied();
        match place.and_then(|place| Some((place, entries.get_mut(place)?))) {
            None => entries.push(over),
            Some((place, _)) if over.node.value == Value::Null => {
                removed.insert(place);
            }
            Some((_, entry)) => {
                if !matches!(over.node.value, Value::Map(_)) {
                    entry.key_place = over.key_place;
                }
                entry.node.merge(over.node);
            }
        }
    }
    let mut places = 0..;
    entries.retain(|_| places.next().is_none_or(|place| !removed.contains(&place)));
}
