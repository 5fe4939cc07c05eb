//! The two sides of a mismatch: the values in the policy and in the request.

use std::fmt::Write;

use irsa_chain::untrusted;
use irsa_policy::Mismatch;
use serde_json::{Map, Value, json};

/// The maximum number of characters shown of one value.
const MAX_CHARS: usize = 200;

/// The maximum number of values shown.
const MAX_VALUES: usize = 5;

/// Both sides of a mismatch.
#[derive(Debug)]
pub(super) struct Sides<'m> {
    element: &'static str,
    /// The operator and key of a condition.
    condition: Option<(&'m str, &'m str)>,
    expected: &'m [String],
    /// The values in the request; may be empty.
    actual: Vec<&'m str>,
}

// === impl Sides ===

impl<'m> Sides<'m> {
    pub(super) fn new(mismatch: &'m Mismatch) -> Self {
        let element = |element, expected, actual| Self {
            element,
            condition: None,
            expected,
            actual,
        };
        match mismatch {
            Mismatch::Principal { expected, actual } => {
                element("Principal", expected, vec![actual])
            }
            Mismatch::Action {
                element: name,
                expected,
                actual,
            } => element(name, expected, vec![actual]),
            Mismatch::Resource {
                element: name,
                expected,
                actual,
            } => element(name, expected, actual.as_deref().into_iter().collect()),
            Mismatch::Condition {
                operator,
                key,
                expected,
                actual,
            } => Self {
                element: "Condition",
                condition: Some((operator, key)),
                expected,
                actual: actual.iter().flatten().map(String::as_str).collect(),
            },
            _ => element("statement", &[], Vec::new()),
        }
    }

    /// Formats the sides on separate lines, aligned so that differences are easy to see.
    pub(super) fn lines(&self) -> String {
        let subject = match self.condition {
            Some((operator, key)) => format!("{} on {}", quoted(operator), quoted(key)),
            None => quoted(self.element),
        };
        let expected: Vec<_> = self.expected.iter().map(String::as_str).collect();
        let mut lines = format!("      = {subject}\n");
        let _ = writeln!(lines, "        policy   {}", listed(&expected));
        let _ = writeln!(
            lines,
            "        request  {}",
            if self.actual.is_empty() {
                self.nothing().to_owned()
            } else {
                listed(&self.actual)
            }
        );
        lines
    }

    pub(super) fn json(&self) -> Map<String, Value> {
        let mut object = Map::from_iter([("element".to_owned(), json!(self.element))]);
        if let Some((operator, key)) = self.condition {
            object.insert("operator".to_owned(), json!(operator));
            object.insert("key".to_owned(), json!(key));
        }
        object.insert("expected".to_owned(), json!(self.expected));
        object.insert("request".to_owned(), json!(self.actual));
        object
    }

    fn nothing(&self) -> &'static str {
        match self.condition {
            Some(_) => "key is not set",
            None => "no resource",
        }
    }
}

fn listed(values: &[&str]) -> String {
    if values.is_empty() {
        return "empty list".to_owned();
    }
    let shown: Vec<_> = values
        .iter()
        .take(MAX_VALUES)
        .map(|value| quoted(value))
        .collect();
    let mut text = shown.join(", ");
    if values.len() > MAX_VALUES {
        let _ = write!(text, " and {} more", values.len() - MAX_VALUES);
    }
    text
}

/// A value on one line, truncated if it is long.
fn quoted(text: &str) -> String {
    untrusted::quoted(text).longest(MAX_CHARS).to_string()
}
