//! Properties of all text types: they parse what they print, and no text causes a panic.
#![expect(
    clippy::unwrap_used,
    reason = "a test's helper may panic, as the test itself may"
)]

mod arbitrary_text;
mod round_trip;

use std::fmt::{Debug, Display};
use std::str::FromStr;

use serde::Serialize;
use serde::de::DeserializeOwned;

/// A type that is parsed from text, printed as text, and (de)serialized as text.
trait TextType:
    FromStr<Err = irsa_chain::ParseError>
    + Display
    + Debug
    + PartialEq
    + Serialize
    + DeserializeOwned
    + TryFrom<String>
    + Into<String>
    + Clone
{
}

impl<T> TextType for T where
    T: FromStr<Err = irsa_chain::ParseError>
        + Display
        + Debug
        + PartialEq
        + Serialize
        + DeserializeOwned
        + TryFrom<String>
        + Into<String>
        + Clone
{
}

/// Asserts that the value prints a text that parses as the same value, by every conversion.
fn assert_reads_what_it_prints<T: TextType>(value: &T) {
    let text = value.to_string();
    assert_eq!(text.parse::<T>().as_ref(), Ok(value));
    assert_eq!(T::try_from(text.clone()).ok().as_ref(), Some(value));
    assert_eq!(Into::<String>::into(value.clone()), text);
    let json = serde_json::to_string(value).unwrap();
    assert_eq!(json, serde_json::to_string(&text).unwrap());
    assert_eq!(&serde_json::from_str::<T>(&json).unwrap(), value);
}
