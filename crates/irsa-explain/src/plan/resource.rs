//! One instance of a resource, with its known and unknown attributes.

use serde_json::Value;

use super::address;
use crate::inventory::PolicySource;

static NULL: Value = Value::Null;

/// An instance of a resource.
#[derive(Debug, Clone, Copy)]
pub(super) struct Resource<'a> {
    pub(super) address: &'a str,
    /// The address of the module; empty for the root module.
    pub(super) module: &'a str,
    pub(super) kind: &'a str,
    pub(super) is_managed: bool,
    values: &'a Value,
    /// Has `true` in place of each value that is known only after apply.
    unknown: &'a Value,
}

/// The state of an attribute.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) enum Attribute<'a> {
    Known(&'a Value),
    /// Known only after apply.
    Unknown,
    Absent,
}

// === impl Resource ===

impl<'a> Resource<'a> {
    /// Reads a planned change; `None` if it destroys the resource.
    pub(super) fn from_change(change: &'a Value) -> Option<Self> {
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

    /// A text attribute, if it is known and not empty.
    pub(super) fn text(&self, name: &str) -> Option<&'a str> {
        match self.attribute(name) {
            Attribute::Known(value) => value.as_str().filter(|text| !text.is_empty()),
            _ => None,
        }
    }

    /// A list of texts; `None` if one of them is unknown.
    pub(super) fn texts(&self, name: &str) -> Option<Vec<&'a str>> {
        let has_unknown = has_unknown(&self.unknown[name]);
        match self.attribute(name) {
            _ if has_unknown => None,
            Attribute::Known(value) => value.as_array()?.iter().map(Value::as_str).collect(),
            _ => Some(Vec::new()),
        }
    }

    /// An attribute that contains a policy, if it is set.
    pub(super) fn policy(&self, name: &str) -> Option<PolicySource> {
        let label = format!("{}.{name}", self.address);
        match self.attribute(name) {
            Attribute::Known(value) => {
                value
                    .as_str()
                    .filter(|text| !text.is_empty())
                    .map(|text| PolicySource {
                        label,
                        text: Some(text.to_owned()),
                        attachment: None,
                    })
            }
            Attribute::Unknown => Some(later(&label)),
            Attribute::Absent => None,
        }
    }

    /// The objects of a repeatable block, each with its unknown values.
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

/// Collects the resources of a module in a state and its child modules. All their values are known.
pub(super) fn collect_module<'a>(module: &'a Value, found: &mut Vec<Resource<'a>>) {
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
        collect_module(child, found);
    }
}

/// A policy that is known only after apply.
pub(super) fn later(label: &str) -> PolicySource {
    super::unknown(&format!("`{label}` (known after apply)"))
}

fn has_unknown(unknown: &Value) -> bool {
    match unknown {
        Value::Bool(is_unknown) => *is_unknown,
        Value::Array(items) => items.iter().any(has_unknown),
        _ => false,
    }
}
