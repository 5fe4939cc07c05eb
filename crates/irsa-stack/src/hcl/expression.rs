//! Values.

use std::fmt::Write as _;

use super::policy::Substitution;
use super::text::{Part, escape_non_ascii, template};
use super::{assignments, policy};

/// Lists of one line are at most this long.
const MAX_LINE: usize = 80;

/// Words that begin an expression where a key of an object is expected.
const KEYWORDS: [&str; 4] = ["for", "true", "false", "null"];

/// A value.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Expression {
    Flag(bool),
    Integer(u64),
    Number(f64),
    /// A text with references in it.
    Text(Vec<Part>),
    /// Attributes, indices and calls, written as they are. Never made from a value of the user.
    Reference(String),
    List(Vec<Expression>),
    Object(Vec<(Vec<Part>, Expression)>),
    /// A call with one argument.
    Call(&'static str, Box<Expression>),
}

// === impl Expression ===

impl Expression {
    pub(crate) fn text(text: impl Into<String>) -> Self {
        Self::Text(vec![Part::Literal(text.into())])
    }

    pub(crate) fn reference(reference: impl Into<String>) -> Self {
        Self::Reference(reference.into())
    }

    pub(crate) fn texts<T: Into<String>>(texts: impl IntoIterator<Item = T>) -> Self {
        Self::List(texts.into_iter().map(Self::text).collect())
    }

    pub(crate) fn object<K: Into<String>>(entries: impl IntoIterator<Item = (K, Self)>) -> Self {
        let entries = entries.into_iter();
        let entry = |(key, value): (K, Self)| (vec![Part::Literal(key.into())], value);
        Self::Object(entries.map(entry).collect())
    }

    /// A text with a reference at its end.
    pub(crate) fn numbered(text: &str, reference: &str) -> Self {
        let text = Part::Literal(text.to_owned());
        Self::Text(vec![text, Part::Reference(reference.to_owned())])
    }

    /// A policy as `jsonencode` of an object. In each text, the first of the substitutions becomes a reference.
    pub(crate) fn policy(policy: &str, substitutions: &[Substitution]) -> Self {
        let object = policy::expression(policy, substitutions);
        Self::Call("jsonencode", Box::new(object))
    }

    /// The value, whose first line follows other text.
    pub(super) fn write_at(&self, depth: usize) -> String {
        match self {
            Self::Flag(flag) => flag.to_string(),
            Self::Integer(integer) => integer.to_string(),
            Self::Number(number) => number.to_string(),
            Self::Text(parts) => template(parts),
            Self::Reference(reference) => reference.clone(),
            Self::List(items) => list(items, depth),
            Self::Object(entries) => object(entries, depth),
            Self::Call(name, argument) => format!("{name}({})", argument.write_at(depth)),
        }
    }
}

fn list(items: &[Expression], depth: usize) -> String {
    let inline: Vec<_> = items.iter().map(|item| item.write_at(depth)).collect();
    let line = format!("[{}]", inline.join(", "));
    if line.len() <= MAX_LINE && !line.contains('\n') {
        return line;
    }
    let indent = "  ".repeat(depth);
    let mut lines = String::new();
    for item in items {
        let _ = writeln!(lines, "{indent}  {},", item.write_at(depth + 1));
    }
    format!("[\n{lines}{indent}]")
}

fn object(entries: &[(Vec<Part>, Expression)], depth: usize) -> String {
    if entries.is_empty() {
        return "{}".to_owned();
    }
    let entries = entries.iter();
    let entries = entries.map(|(name, value)| (key(name), value.write_at(depth + 1)));
    let lines = assignments(&entries.collect::<Vec<_>>(), depth + 1);
    format!("{{\n{lines}{}}}", "  ".repeat(depth))
}

/// A key in ASCII, so that its length is its width.
fn key(parts: &[Part]) -> String {
    match parts {
        [Part::Literal(name)] if is_identifier(name) => name.clone(),
        // A reference is a key in parentheses only.
        [Part::Reference(reference)] => format!("({reference})"),
        parts => escape_non_ascii(&template(parts)),
    }
}

fn is_identifier(name: &str) -> bool {
    let fits = |char: char| char.is_ascii_alphanumeric() || char == '_' || char == '-';
    let starts_well = |first: char| first.is_ascii_alphabetic() || first == '_';
    name.starts_with(starts_well) && name.chars().all(fits) && !KEYWORDS.contains(&name)
}
