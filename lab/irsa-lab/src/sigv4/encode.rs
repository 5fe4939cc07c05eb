//! Percent-encoding for signatures: everything except unreserved characters, with upper-case hex digits.

use std::borrow::Cow;

use percent_encoding::{
    AsciiSet, NON_ALPHANUMERIC, percent_decode_str, percent_encode, utf8_percent_encode,
};

/// The reserved characters of RFC 3986; letters, digits and `-._~` stay.
const RESERVED: &AsciiSet = &NON_ALPHANUMERIC
    .remove(b'-')
    .remove(b'.')
    .remove(b'_')
    .remove(b'~');
/// The reserved characters in paths, whose slashes stay.
const RESERVED_IN_PATH: &AsciiSet = &RESERVED.remove(b'/');

/// Encodes a text: `%2F` for `/`, `%20` for a space.
pub(super) fn encode(text: &str) -> String {
    utf8_percent_encode(text, RESERVED).to_string()
}

/// Decodes a query's text, UTF-8 or not, and encodes it like [`encode`]. A `+` is a space.
pub(super) fn encode_again(text: &str) -> String {
    let bytes: Vec<u8> = percent_decode_str(&text.replace('+', " ")).collect();
    percent_encode(&bytes, RESERVED).to_string()
}

/// Encodes like [`encode`], but keeps slashes.
pub(super) fn encode_path(path: &str) -> String {
    utf8_percent_encode(path, RESERVED_IN_PATH).to_string()
}

/// Decodes a text; returns `None` if the result is not UTF-8. A `+` stays a plus.
pub(super) fn decode(text: &str) -> Option<Cow<'_, str>> {
    percent_decode_str(text).decode_utf8().ok()
}

/// Returns the decoded names and values of a query in order; `None` if one is not UTF-8.
pub(super) fn decode_query(query: &str) -> Option<Vec<(Cow<'_, str>, Cow<'_, str>)>> {
    let pair = |(name, value)| Some((decode(name)?, decode(value)?));
    pairs(query).map(pair).collect()
}

/// Returns the names and values of a query as received.
pub(super) fn pairs(query: &str) -> impl Iterator<Item = (&str, &str)> {
    query
        .split('&')
        .filter(|pair| !pair.is_empty())
        .map(split_pair)
}

/// Splits `name=value`; without `=`, the value is empty.
pub(super) fn split_pair(pair: &str) -> (&str, &str) {
    pair.split_once('=').unwrap_or((pair, ""))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn encodes_all_except_unreserved_characters() {
        assert_eq!(encode("a-Z_0.9~"), "a-Z_0.9~");
        assert_eq!(encode("a b/c+d*é"), "a%20b%2Fc%2Bd%2A%C3%A9");
        assert_eq!(encode_path("/a b/c"), "/a%20b/c");
    }

    #[test]
    fn decoding_rejects_other_text_than_utf8() {
        assert_eq!(decode("a%20b+c").as_deref(), Some("a b+c"));
        assert_eq!(decode("%ff"), None);
    }
}
