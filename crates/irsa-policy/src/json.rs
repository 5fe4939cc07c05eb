//! JSON as a policy needs it: no key is lost, and neither size nor depth can hurt.
//!
//! `serde_json`'s own map keeps the last of two equal keys, so that a policy with two `Condition`
//! elements would lose one. Here objects are lists of members.

use std::fmt;

use serde::de::{self, DeserializeSeed, Deserializer, MapAccess, SeqAccess, Visitor};

use crate::Problem;

/// Larger policies are refused; IAM's own limit is 10,240 characters.
pub(crate) const MAX_BYTES: usize = 1 << 20;

/// Deeper policies are refused; a valid one has at most six levels.
pub(crate) const MAX_DEPTH: usize = 32;

/// A JSON value with every member in its place.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Json {
    Null,
    Bool(bool),
    Integer(String),
    Float,
    String(String),
    Array(Vec<Json>),
    Object(Vec<(String, Json)>),
}

impl Json {
    pub(crate) fn parse(text: &str) -> Result<Self, Problem> {
        if text.len() > MAX_BYTES {
            return Err(Problem::TooLarge { bytes: text.len() });
        }
        let mut deserializer = serde_json::Deserializer::from_str(text);
        Level(1)
            .deserialize(&mut deserializer)
            .and_then(|json| deserializer.end().map(|()| json))
            .map_err(|error| match error.classify() {
                // The visitor takes every type of value and objects to nothing but depth.
                serde_json::error::Category::Data => Problem::TooDeep,
                _ => Problem::Syntax(error.to_string()),
            })
    }

    /// What the value is, for a message.
    pub(crate) fn describe(&self) -> &'static str {
        match self {
            Self::Null => "null",
            Self::Bool(_) => "a boolean",
            Self::Integer(_) | Self::Float => "a number",
            Self::String(_) => "a string",
            Self::Array(_) => "a list",
            Self::Object(_) => "an object",
        }
    }
}

/// Reads a value at this depth.
#[derive(Clone, Copy)]
struct Level(usize);

impl Level {
    fn inside<E: de::Error>(self) -> Result<Self, E> {
        match self.0 {
            ..=MAX_DEPTH => Ok(Self(self.0 + 1)),
            _ => Err(E::custom("too deep")),
        }
    }
}

impl<'de> DeserializeSeed<'de> for Level {
    type Value = Json;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Json, D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Level {
    type Value = Json;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a JSON value")
    }

    fn visit_unit<E>(self) -> Result<Json, E> {
        Ok(Json::Null)
    }

    fn visit_bool<E>(self, value: bool) -> Result<Json, E> {
        Ok(Json::Bool(value))
    }

    fn visit_i64<E>(self, value: i64) -> Result<Json, E> {
        Ok(Json::Integer(value.to_string()))
    }

    fn visit_u64<E>(self, value: u64) -> Result<Json, E> {
        Ok(Json::Integer(value.to_string()))
    }

    fn visit_f64<E>(self, _: f64) -> Result<Json, E> {
        Ok(Json::Float)
    }

    fn visit_str<E>(self, value: &str) -> Result<Json, E> {
        Ok(Json::String(value.to_owned()))
    }

    fn visit_string<E>(self, value: String) -> Result<Json, E> {
        Ok(Json::String(value))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<Json, A::Error> {
        let inside = self.inside()?;
        let mut list = Vec::new();
        while let Some(item) = items.next_element_seed(inside)? {
            list.push(item);
        }
        Ok(Json::Array(list))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut members: A) -> Result<Json, A::Error> {
        let inside = self.inside()?;
        let mut list = Vec::new();
        while let Some(name) = members.next_key()? {
            list.push((name, members.next_value_seed(inside)?));
        }
        Ok(Json::Object(list))
    }
}

#[cfg(test)]
mod tests {
    use std::time::{Duration, Instant};

    use super::*;

    #[test]
    fn keeps_both_of_two_equal_keys() {
        let member = |value| ("a".to_owned(), Json::Bool(value));
        assert_eq!(
            Json::parse(r#"{"a": true, "a": false}"#),
            Ok(Json::Object(vec![member(true), member(false)]))
        );
    }

    #[test]
    fn says_where_the_syntax_is_wrong() {
        let problem = Json::parse("{\n  \"a\": }").unwrap_err();
        assert_eq!(
            problem.to_string(),
            "not valid JSON: expected value at line 2 column 8"
        );
    }

    #[test]
    fn refuses_text_after_the_value() {
        assert!(matches!(Json::parse("{} {}"), Err(Problem::Syntax(_))));
    }

    #[test]
    fn refuses_more_levels_than_the_limit() {
        let nested = |depth: usize| "[".repeat(depth) + &"]".repeat(depth);
        assert!(Json::parse(&nested(MAX_DEPTH)).is_ok());
        assert_eq!(Json::parse(&nested(MAX_DEPTH + 1)), Err(Problem::TooDeep));
        assert_eq!(
            Json::parse(&"{\"a\":".repeat(100_000)),
            Err(Problem::TooDeep)
        );
    }

    #[test]
    fn refuses_more_bytes_than_the_limit_at_once() {
        let text = "[".repeat(MAX_BYTES + 1);
        let started = Instant::now();
        assert_eq!(
            Json::parse(&text),
            Err(Problem::TooLarge {
                bytes: MAX_BYTES + 1
            })
        );
        assert!(started.elapsed() < Duration::from_millis(100));
    }
}
