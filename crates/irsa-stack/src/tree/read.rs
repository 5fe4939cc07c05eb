//! From YAML text to the tree.

use std::collections::HashSet;
use std::fmt;

use irsa_chain::untrusted::printable;
use serde::Deserialize;
use serde::de::{Deserializer, MapAccess, SeqAccess, Visitor};
use serde_saphyr::{Location, Spanned};

use super::{Entry, Node, Value};
use crate::mistake::{Mistake, Place};

/// The size in bytes above which a file is refused before it is parsed: a specification of 1,000 workloads has a tenth.
pub const MAX_FILE_BYTES: usize = 4 << 20;

/// Reads the file with this number.
///
/// # Errors
/// It is not YAML, or too large.
pub(crate) fn parse(file: usize, text: &str) -> Result<Node, Mistake> {
    if text.len() > MAX_FILE_BYTES {
        let message = format!(
            "the file has {} bytes, the limit is {MAX_FILE_BYTES}",
            text.len()
        );
        return Err(Mistake::new(Place::start(file), message));
    }
    let raw: Spanned<Raw> = serde_saphyr::from_str(text).map_err(|error| {
        let place = error.location().map_or_else(
            || Place::start(file),
            |location| place(file, text, &location),
        );
        let message = error.without_snippet().to_string();
        Mistake::new(place, format!("not valid YAML: {}", problem(&message)))
    })?;
    Ok(node(file, text, raw))
}

/// The parser's message without its own position, and without advice for programs that call the parser.
fn problem(message: &str) -> &str {
    const ENDS: [&str; 4] = [
        " at line ",
        "; use from_str_multiple",
        ", set DuplicateKeyPolicy",
        "; use Option<",
    ];
    let ends = ENDS.iter().filter_map(|end| message.find(end));
    let end = ends.min().unwrap_or(message.len());
    message.get(..end).unwrap_or(message)
}

/// A value as the YAML parser gives it.
#[derive(Debug)]
enum Raw {
    Null,
    Flag(bool),
    Integer(i64),
    Number(f64),
    Text(String),
    List(Vec<Spanned<Raw>>),
    Map(Vec<(Spanned<String>, Spanned<Raw>)>),
}

fn node(file: usize, text: &str, raw: Spanned<Raw>) -> Node {
    let place = place(file, text, &raw.defined);
    let value = match raw.value {
        Raw::Null => Value::Null,
        Raw::Flag(flag) => Value::Flag(flag),
        Raw::Integer(integer) => Value::Integer(integer),
        Raw::Number(number) => Value::Number(number),
        Raw::Text(text) => Value::Text(text),
        Raw::List(list) => Value::List(list.into_iter().map(|raw| node(file, text, raw)).collect()),
        Raw::Map(entries) => {
            let entry = |(key, raw): (Spanned<String>, _)| Entry {
                key_place: self::place(file, text, &key.defined),
                key: key.value,
                node: node(file, text, raw),
            };
            Value::Map(entries.into_iter().map(entry).collect())
        }
    };
    Node { value, place }
}

/// The bytes at a location. Containers have no length: their first line is marked.
fn place(file: usize, text: &str, location: &Location) -> Place {
    let span = location.span();
    let to_bytes = |count: u64| usize::try_from(count).unwrap_or(usize::MAX);
    let start = span
        .byte_offset()
        .map_or_else(|| offset(text, location), to_bytes)
        .min(text.len());
    let rest = text.get(start..).unwrap_or_default();
    let line = rest.lines().next().unwrap_or_default().trim_end().len();
    let length = span.byte_len().map_or(0, to_bytes);
    let length = if length == 0 {
        line
    } else {
        length.min(line.max(1))
    };
    Place {
        file,
        bytes: start..(start + length).min(text.len()),
    }
}

/// The byte at a line and column. Errors of the YAML scanner have no more than these.
fn offset(text: &str, location: &Location) -> usize {
    let count = |number: u64| usize::try_from(number.saturating_sub(1)).unwrap_or(usize::MAX);
    let (line, column) = (count(location.line()), count(location.column()));
    let mut lines = text.split_inclusive('\n');
    let before: usize = lines.by_ref().take(line).map(str::len).sum();
    let line = lines.next().unwrap_or_default().trim_end();
    let in_line = line.char_indices().nth(column);
    before + in_line.map_or(line.len(), |(at, _)| at)
}

impl<'de> Deserialize<'de> for Raw {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(RawVisitor)
    }
}

struct RawVisitor;

impl<'de> Visitor<'de> for RawVisitor {
    type Value = Raw;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a YAML value")
    }

    fn visit_unit<E>(self) -> Result<Raw, E> {
        Ok(Raw::Null)
    }

    fn visit_none<E>(self) -> Result<Raw, E> {
        Ok(Raw::Null)
    }

    fn visit_some<D: Deserializer<'de>>(self, deserializer: D) -> Result<Raw, D::Error> {
        Raw::deserialize(deserializer)
    }

    fn visit_bool<E>(self, flag: bool) -> Result<Raw, E> {
        Ok(Raw::Flag(flag))
    }

    fn visit_i64<E>(self, integer: i64) -> Result<Raw, E> {
        Ok(Raw::Integer(integer))
    }

    fn visit_u64<E>(self, integer: u64) -> Result<Raw, E> {
        let text = || Raw::Text(integer.to_string());
        Ok(i64::try_from(integer).map_or_else(|_| text(), Raw::Integer))
    }

    fn visit_f64<E>(self, number: f64) -> Result<Raw, E> {
        Ok(Raw::Number(number))
    }

    fn visit_str<E>(self, text: &str) -> Result<Raw, E> {
        Ok(Raw::Text(text.to_owned()))
    }

    fn visit_string<E>(self, text: String) -> Result<Raw, E> {
        Ok(Raw::Text(text))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<Raw, A::Error> {
        let mut list = Vec::new();
        while let Some(item) = items.next_element()? {
            list.push(item);
        }
        Ok(Raw::List(list))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut pairs: A) -> Result<Raw, A::Error> {
        let mut entries: Vec<(Spanned<String>, _)> = Vec::new();
        let mut keys = HashSet::new();
        while let Some((key, value)) = pairs.next_entry::<Spanned<String>, _>()? {
            // The parser compares keys with their types: `1` and `"1"` differ.
            if !keys.insert(key.value.clone()) {
                let message = format!("duplicate mapping key: {}", printable(&key.value));
                return Err(serde::de::Error::custom(message));
            }
            entries.push((key, value));
        }
        Ok(Raw::Map(entries))
    }
}
