//! The neighbors of a workload, grouped by what the policies of its role say about them.
//!
//! A set-up of 500 workloads has 250,000 pairs of them. Values that match the same patterns of a policy get the same
//! decision, so only a few of each group are decided.

use std::collections::HashMap;

use irsa_policy::TextPattern;
use serde_json::Value;

use super::Row;

/// The number of neighbors in a group that are decided one by one.
const DECIDED: usize = 5;

/// All texts in the policies of a role.
#[derive(Debug, Default)]
pub(super) struct Patterns {
    /// Texts without wildcards, with their numbers.
    literals: HashMap<String, usize>,
    wildcards: Vec<TextPattern>,
}

/// What the policies say about a neighbor: the patterns that each of its values matches. Neighbors with equal keys get
/// the same decision, as long as policies compare with `StringEquals`, `StringLike` and patterns of resources, like those
/// that irsa renders.
pub(super) type GroupKey = Vec<Vec<usize>>;

/// Rows about neighbors. Those of a group that has enough rows are counted only.
#[derive(Debug, Default)]
pub(super) struct NeighborRows {
    rows: Vec<Row>,
    /// The size of each group, and its last row.
    groups: HashMap<GroupKey, (usize, usize)>,
}

// === impl Patterns ===

impl Patterns {
    /// Collects the texts of JSON documents.
    pub(super) fn new<'a>(documents: impl IntoIterator<Item = &'a str>) -> Self {
        let mut patterns = Self::default();
        for document in documents {
            // A document that is not JSON has no decision either.
            let document: Value = serde_json::from_str(document).unwrap_or_default();
            patterns.add(&document);
        }
        patterns
    }

    /// Returns the key of a neighbor that policies know by these values.
    pub(super) fn key(&self, values: &[&str]) -> GroupKey {
        values.iter().map(|value| self.matching(value)).collect()
    }

    fn matching(&self, value: &str) -> Vec<usize> {
        let literal = self.literals.get(value).copied();
        let wildcards = self.wildcards.iter().enumerate();
        let wildcards = wildcards.filter(|(_, pattern)| pattern.matches(value));
        // Literals have the numbers after those of the patterns.
        let literal = literal.map(|number| self.wildcards.len() + number);
        literal
            .into_iter()
            .chain(wildcards.map(|(number, _)| number))
            .collect()
    }

    fn add(&mut self, value: &Value) {
        match value {
            Value::String(text) if text.contains(['*', '?']) => {
                self.wildcards.push(TextPattern::new(text));
            }
            Value::String(text) => {
                let number = self.literals.len();
                self.literals.entry(text.clone()).or_insert(number);
            }
            Value::Array(values) => values.iter().for_each(|value| self.add(value)),
            Value::Object(entries) => entries.values().for_each(|value| self.add(value)),
            _ => {}
        }
    }
}

// === impl NeighborRows ===

impl NeighborRows {
    /// Adds a row that no other row stands for.
    pub(super) fn push(&mut self, row: Row) {
        self.rows.push(row);
    }

    /// Adds the row of a neighbor, or counts it if its group has enough rows.
    pub(super) fn push_to_group(&mut self, key: GroupKey, row: impl FnOnce() -> Row) {
        let (size, last) = self.groups.entry(key).or_default();
        *size += 1;
        if *size <= DECIDED {
            *last = self.rows.len();
            self.rows.push(row());
        } else if let Some(last) = self.rows.get_mut(*last) {
            last.others += 1;
        }
    }

    pub(super) fn into_rows(self) -> Vec<Row> {
        self.rows
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn row(question: &str) -> Row {
        Row {
            workload: "a".to_owned(),
            question: question.to_owned(),
            request: None,
            expected: false,
            allowed: Some(false),
            link: None,
            shared: None,
            others: 0,
        }
    }

    #[test]
    fn values_that_a_policy_tells_apart_have_different_keys() {
        let patterns = Patterns::new([r#"{"a": ["x", "y"], "b": {"c": "z*"}, "d": "x"}"#]);
        let key = |value: &str| patterns.key(&[value]);
        assert_eq!(key("p"), key("q"));
        assert_eq!(key("z1"), key("z2"));
        for (one, other) in [("x", "p"), ("x", "y"), ("z1", "p"), ("z1", "x")] {
            assert_ne!(key(one), key(other), "{one} {other}");
        }
        assert_ne!(patterns.key(&["x", "p"]), patterns.key(&["p", "x"]));
    }

    #[test]
    fn the_rest_of_a_group_is_counted_without_a_decision() {
        let mut rows = NeighborRows::default();
        for number in 0..DECIDED + 3 {
            rows.push_to_group(vec![], || {
                assert!(number < DECIDED, "{number} is decided");
                row("one")
            });
        }
        rows.push_to_group(vec![vec![1]], || row("other"));
        let rows = rows.into_rows();
        assert_eq!(rows.len(), DECIDED + 1);
        let others: Vec<_> = rows.iter().map(|row| row.others).collect();
        assert_eq!(others, [0, 0, 0, 0, 3, 0]);
    }
}
