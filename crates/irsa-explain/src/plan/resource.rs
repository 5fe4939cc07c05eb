//! One instance of a resource, and what is known of its attributes.

use serde_json::Value;

use super::address;
use crate::inventory::Source;

static NULL: Value = Value::Null;

#[derive(Debug, Clone, Copy)]
pub(super) struct Resource<'a> {
    pub(super) address: &'a str,
    /// The address of its module; empty for the root.
    pub(super) module: &'a str,
    pub(super) kind: &'a str,
    pub(super) is_managed: bool,
    values: &'a Value,
    /// In place of what is known after apply only, `true`.
    unknown: &'a Value,
}

/// What is known of an attribute.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) enum Attribute<'a> {
    Known(&'a Value),
    /// After apply only.
    Unknown,
    Absent,
}

// === impl Resource ===

impl<'a> Resource<'a> {
    /// `None` for one that the plan destroys.
    pub(super) fn of_change(change: &'a Value) -> Option<Self> {
        let values = &change["change"]["after"];
        Some(Self {
            address: change["address"].as_str()?,
            module: change["module_address"].as_str().unwrap_or_default(),
            kind: change["type"].as_str()?,
            is_managed: change["mode"] == "managed",
            values: (!values.is_null()).then_some(values)?,
            unknown: &change["change"]["after_unknown"],
        })
    }

    pub(super) fn attribute(&self, name: &str) -> Attribute<'a> {
        match (&self.values[name], &self.unknown[name]) {
            (_, Value::Bool(true)) => Attribute::Unknown,
            (Value::Null, _) => Attribute::Absent,
            (value, _) => Attribute::Known(value),
        }
    }

    /// A text that is known and not empty.
    pub(super) fn text(&self, name: &str) -> Option<&'a str> {
        match self.attribute(name) {
            Attribute::Known(value) => value.as_str().filter(|text| !text.is_empty()),
            _ => None,
        }
    }

    /// A list of texts; `None` if one of them is not known.
    pub(super) fn texts(&self, name: &str) -> Option<Vec<&'a str>> {
        let has_unknown = has_unknown(&self.unknown[name]);
        match self.attribute(name) {
            _ if has_unknown => None,
            Attribute::Known(value) => value.as_array()?.iter().map(Value::as_str).collect(),
            _ => Some(Vec::new()),
        }
    }

    /// An attribute that holds a policy, if there is one.
    pub(super) fn policy(&self, name: &str) -> Option<Source> {
        let place = format!("{}.{name}", self.address);
        match self.attribute(name) {
            Attribute::Known(value) => {
                value
                    .as_str()
                    .filter(|text| !text.is_empty())
                    .map(|text| Source {
                        place,
                        text: Some(text.to_owned()),
                        attachment: None,
                    })
            }
            Attribute::Unknown => Some(later(&place)),
            Attribute::Absent => None,
        }
    }

    /// The objects of a block that may be repeated, each with what is not known of it.
    pub(super) fn blocks(&self, name: &str) -> Vec<(&'a Value, &'a Value)> {
        let unknown = self.unknown[name].as_array().map_or(&[][..], Vec::as_slice);
        let values = self.values[name].as_array().map_or(&[][..], Vec::as_slice);
        let unknown = unknown.iter().chain(std::iter::repeat(&NULL));
        values.iter().zip(unknown).collect()
    }

    /// The key of `count` or `for_each`.
    pub(super) fn key(&self) -> Option<&'a str> {
        address::key(self.address)
    }
}

/// All resources of a module and of those within it, of which everything is known.
pub(super) fn of_module<'a>(module: &'a Value, found: &mut Vec<Resource<'a>>) {
    let list = |name: &str| module[name].as_array().map_or(&[][..], Vec::as_slice);
    let address = module["address"].as_str().unwrap_or_default();
    found.extend(list("resources").iter().filter_map(|one| {
        Some(Resource {
            address: one["address"].as_str()?,
            module: address,
            kind: one["type"].as_str()?,
            is_managed: one["mode"] == "managed",
            values: &one["values"],
            unknown: &NULL,
        })
    }));
    for child in list("child_modules") {
        of_module(child, found);
    }
}

/// A policy that is known after apply only.
pub(super) fn later(place: &str) -> Source {
    super::unknown(&format!("`{place}` (known after apply only)"))
}

fn has_unknown(unknown: &Value) -> bool {
    match unknown {
        Value::Bool(is_unknown) => *is_unknown,
        Value::Array(items) => items.iter().any(has_unknown),
        _ => false,
    }
}
