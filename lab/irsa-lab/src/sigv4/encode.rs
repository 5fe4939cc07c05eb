//! Percent-encoding as signatures need it: everything but unreserved characters, upper-case hex.

use std::borrow::Cow;

use percent_encoding::{
    AsciiSet, NON_ALPHANUMERIC, percent_decode_str, percent_encode, utf8_percent_encode,
};

/// What RFC 3986 reserves; letters, digits and `-._~` stay.
const RESERVED: &AsciiSet = &NON_ALPHANUMERIC
    .remove(b'-')
    .remove(b'.')
    .remove(b'_')
    .remove(b'~');
/// The same for paths, whose slashes stay.
const RESERVED_IN_PATH: &AsciiSet = &RESERVED.remove(b'/');

/// `%2F` for `/`, `%20` for a space.
pub(super) fn encode(text: &str) -> String {
    utf8_percent_encode(text, RESERVED).to_string()
}

/// As [`encode`], of what is behind a query's own encoding, be it UTF-8 or not. A `+` is a space there.
pub(super) fn encode_again(text: &str) -> String {
    let bytes: Vec<u8> = percent_decode_str(&text.replace('+', " ")).collect();
    percent_encode(&bytes, RESERVED).to_string()
}

/// As [`encode`], but slashes stay.
pub(super) fn encode_path(path: &str) -> String {
    utf8_percent_encode(path, RESERVED_IN_PATH).to_string()
}

/// The text behind its encoding; `None` if that is not UTF-8. A `+` stays a plus.
pub(super) fn decode(text: &str) -> Option<Cow<'_, str>> {
    percent_decode_str(text).decode_utf8().ok()
}

/// Names and values of a query, decoded, in the order they came; `None` if one is not UTF-8.
pub(super) fn decode_query(query: &str) -> Option<Vec<(Cow<'_, str>, Cow<'_, str>)>> {
    let pair = |(name, value)| Some((decode(name)?, decode(value)?));
    pairs(query).map(pair).collect()
}

/// Names and values of a query as they came.
pub(super) fn pairs(query: &str) -> impl Iterator<Item = (&str, &str)> {
    query
        .split('&')
        .filter(|pair| !pair.is_empty())
        .map(split_pair)
}

/// `name=value`; without the sign, the value is empty.
pub(super) fn split_pair(pair: &str) -> (&str, &str) {
    pair.split_once('=').unwrap_or((pair, ""))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn encodes_all_but_unreserved_characters() {
        assert_eq!(encode("a-Z_0.9~"), "a-Z_0.9~");
        assert_eq!(encode("a b/c+d*é"), "a%20b%2Fc%2Bd%2A%C3%A9");
        assert_eq!(encode_path("/a b/c"), "/a%20b/c");
    }

    #[test]
    fn decoding_refuses_what_is_not_utf8() {
        assert_eq!(decode("a%20b+c").as_deref(), Some("a b+c"));
        assert_eq!(decode("%ff"), None);
    }
}
