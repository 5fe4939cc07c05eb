//! Invariants of values with a text format: they round-trip, and errors are one line.

use std::fmt::{Debug, Display};
use std::str::FromStr;

use irsa_chain::ParseError;
use serde_json::Value;

/// The maximum length of an error message in bytes.
const LONGEST: usize = 2_000;

/// A type that is parsed from text, printed as text and serialized as a JSON string.
pub(crate) trait TextValue:
    FromStr<Err = ParseError>
    + Display
    + Debug
    + PartialEq
    + serde::Serialize
    + serde::de::DeserializeOwned
{
}

impl<V> TextValue for V where
    V: FromStr<Err = ParseError>
        + Display
        + Debug
        + PartialEq
        + serde::Serialize
        + serde::de::DeserializeOwned
{
}

/// Parses `text` and checks the invariants of the value or the error.
pub(crate) fn parse<V: TextValue>(text: &str) -> Option<V> {
    match text.parse() {
        Ok(value) => {
            assert_round_trips(&value);
            Some(value)
        }
        Err(error) => {
            assert_is_one_line(&error);
            None
        }
    }
}

pub(crate) fn assert_round_trips<V: TextValue>(value: &V) {
    let text = value.to_string();
    assert_eq!(text.parse().as_ref(), Ok(value));
    let json = serde_json::to_value(value).ok();
    assert_eq!(json, Some(Value::String(text)));
    let again = json.and_then(|json| serde_json::from_value::<V>(json).ok());
    assert_eq!(again.as_ref(), Some(value));
}

/// Asserts that an error is one line of limited length.
pub(crate) fn assert_is_one_line(error: &impl Display) {
    let text = error.to_string();
    assert!(!text.is_empty() && text.len() < LONGEST, "{text}");
    assert!(!text.chars().any(char::is_control), "{text:?}");
}
