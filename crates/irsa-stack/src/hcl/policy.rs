//! Policies, with references to what is known only after `terraform apply`.

use std::cmp::Reverse;

use serde_json::Value;

use super::expression::Expression;
use super::text::Part;

/// The order of the keys in policies. Other keys follow in alphabetical order.
const KEYS: [&str; 8] = [
    "Version",
    "Statement",
    "Sid",
    "Effect",
    "Principal",
    "Action",
    "Resource",
    "Condition",
];

/// A text of a policy, and the reference that stands for it.
pub(crate) type Substitution = (String, String);

/// A policy as an object. In each text, one substitution is made.
pub(super) fn expression(policy: &str, substitutions: &[Substitution]) -> Expression {
    let policy: Value = serde_json::from_str(policy).unwrap_or_default();
    from_json(&policy, substitutions)
}

fn from_json(value: &Value, substitutions: &[Substitution]) -> Expression {
    match value {
        Value::Array(items) => {
            let items = items.iter();
            Expression::List(items.map(|item| from_json(item, substitutions)).collect())
        }
        Value::Object(entries) => {
            let mut entries: Vec<_> = entries.iter().collect();
            entries.sort_by_key(|(name, _)| (rank(name), *name));
            let entry = |(name, value): (&String, &Value)| {
                (parts(name, substitutions), from_json(value, substitutions))
            };
            Expression::Object(entries.into_iter().map(entry).collect())
        }
        Value::String(text) => Expression::Text(parts(text, substitutions)),
        Value::Bool(flag) => Expression::Flag(*flag),
        other => Expression::Reference(other.to_string()),
    }
}

fn rank(name: &str) -> usize {
    let place = KEYS.iter().position(|key| *key == name);
    place.unwrap_or(KEYS.len())
}

/// A text as its parts. Only the substitution that begins first is made: what follows may be the user's.
fn parts(text: &str, substitutions: &[Substitution]) -> Vec<Part> {
    let found = substitutions.iter().filter_map(|(literal, reference)| {
        let place = text.find(literal.as_str())?;
        Some((place, Reverse(literal.len()), literal, reference))
    });
    let Some((_, _, literal, reference)) = found.min() else {
        return vec![Part::Literal(text.to_owned())];
    };
    let (before, after) = text.split_once(literal.as_str()).unwrap_or((text, ""));
    let parts = [
        Part::Literal(before.to_owned()),
        Part::Reference(reference.clone()),
        Part::Literal(after.to_owned()),
    ];
    let is_empty = |part: &Part| *part == Part::Literal(String::new());
    parts.into_iter().filter(|part| !is_empty(part)).collect()
}
