//! What holds for every word: it reads what it prints, and says why it is refused.

use std::fmt::{Debug, Display};
use std::str::FromStr;

use irsa_chain::ParseError;
use serde_json::Value;

/// The longest explanation, in bytes: one that fits a line of a log.
const LONGEST: usize = 2_000;

/// A type that is read from text, printed as text and kept in JSON as text.
pub(crate) trait Word:
    FromStr<Err = ParseError>
    + Display
    + Debug
    + PartialEq
    + serde::Serialize
    + serde::de::DeserializeOwned
{
}

impl<W> Word for W where
    W: FromStr<Err = ParseError>
        + Display
        + Debug
        + PartialEq
        + serde::Serialize
        + serde::de::DeserializeOwned
{
}

/// The word that `text` is, if it is one.
pub(crate) fn read<W: Word>(text: &str) -> Option<W> {
    match text.parse() {
        Ok(word) => {
            assert_reads_what_it_prints(&word);
            Some(word)
        }
        Err(error) => {
            assert_explains(&error);
            None
        }
    }
}

pub(crate) fn assert_reads_what_it_prints<W: Word>(word: &W) {
    let text = word.to_string();
    assert_eq!(text.parse().as_ref(), Ok(word));
    let json = serde_json::to_value(word).ok();
    assert_eq!(json, Some(Value::String(text)));
    let again = json.and_then(|json| serde_json::from_value::<W>(json).ok());
    assert_eq!(again.as_ref(), Some(word));
}

/// An error is one line of bounded length.
pub(crate) fn assert_explains(error: &impl Display) {
    let text = error.to_string();
    assert!(!text.is_empty() && text.len() < LONGEST, "{text}");
    assert!(!text.chars().any(char::is_control), "{text:?}");
}
