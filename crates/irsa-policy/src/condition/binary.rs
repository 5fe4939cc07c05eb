//! `BinaryEquals` (IAM User Guide, "Binary condition operators").
//!
//! Policy and request hold base64-encoded data. The canonical encoding is unique, so the encoded texts are compared.

use super::comparison::{Comparison, Compile, parse_all};
use super::test::Values;
use crate::Context;

pub(super) const COMPARISONS: &[Comparison] = &[Comparison::positive("BinaryEquals", EQUALS)];

const EQUALS: Compile = Compile::Texts(|values| {
    let checked = |value: &str| is_base64(value).then(|| value.to_owned());
    let values = parse_all(values, "base64-encoded data", checked)?;
    Ok(Box::new(Equals(values)))
});

#[derive(Debug)]
struct Equals(Vec<String>);

impl Values for Equals {
    fn any_matches(&self, actual: &str, _: &Context) -> bool {
        self.0.iter().any(|value| value == actual)
    }
}

/// Returns whether a text is canonical base64 (RFC 4648, sections 3.5 and 4): padded, and without unused bits set.
fn is_base64(text: &str) -> bool {
    let data = text.trim_end_matches('=');
    let end = data.bytes().next_back().and_then(sextet).unwrap_or(0);
    let lost = match text.len() - data.len() {
        0 => 0,
        1 => end & 0b11,
        2 => end & 0b1111,
        _ => return false,
    };
    text.len().is_multiple_of(4) && lost == 0 && data.bytes().all(|byte| sextet(byte).is_some())
}

fn sextet(byte: u8) -> Option<u8> {
    match byte {
        b'A'..=b'Z' => Some(byte - b'A'),
        b'a'..=b'z' => Some(byte - b'a' + 26),
        b'0'..=b'9' => Some(byte - b'0' + 52),
        b'+' => Some(62),
        b'/' => Some(63),
        _ => None,
    }
}
