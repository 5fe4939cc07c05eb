//! What the policy wants beside what the request has.

use std::fmt::Write;

use irsa_chain::untrusted;
use irsa_policy::Mismatch;
use serde_json::{Map, Value, json};

/// More of one value than this is not shown.
const MAX_CHARS: usize = 200;

/// More values than this are not shown.
const MAX_VALUES: usize = 5;

/// Both sides of a mismatch.
#[derive(Debug)]
pub(super) struct Sides<'m> {
    element: &'static str,
    /// Of a condition, the operator and the key.
    condition: Option<(&'m str, &'m str)>,
    expected: &'m [String],
    /// Empty if the request has nothing there.
    was: Vec<&'m str>,
}

// === impl Sides ===

impl<'m> Sides<'m> {
    pub(super) fn of(mismatch: &'m Mismatch) -> Self {
        let element = |element, expected, was| Self {
            element,
            condition: None,
            expected,
            was,
        };
        match mismatch {
            Mismatch::Principal { expected, was } => element("Principal", expected, vec![was]),
            Mismatch::Action {
                element: name,
                expected,
                was,
            } => element(name, expected, vec![was]),
            Mismatch::Resource {
                element: name,
                expected,
                was,
            } => element(name, expected, was.as_deref().into_iter().collect()),
            Mismatch::Condition {
                operator,
                key,
                expected,
                was,
            } => Self {
                element: "Condition",
                condition: Some((operator, key)),
                expected,
                was: was.iter().flatten().map(String::as_str).collect(),
            },
            _ => element("statement", &[], Vec::new()),
        }
    }

    /// One below the other, so that the eye finds the difference.
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
            if self.was.is_empty() {
                self.nothing().to_owned()
            } else {
                listed(&self.was)
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
        object.insert("request".to_owned(), json!(self.was));
        object
    }

    fn nothing(&self) -> &'static str {
        match self.condition {
            Some(_) => "has no such key",
            None => "has none",
        }
    }
}

fn listed(values: &[&str]) -> String {
    if values.is_empty() {
        return "lists nothing".to_owned();
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

/// On one line, of bounded length.
fn quoted(text: &str) -> String {
    untrusted::quoted(text).longest(MAX_CHARS).to_string()
}
