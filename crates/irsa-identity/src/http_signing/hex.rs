//! Bytes as lower-case hexadecimal digits.

use std::borrow::Cow;

use super::PayloadHash;

/// What `x-amz-content-sha256` says.
pub(super) fn of_payload(payload: PayloadHash<'_>) -> Cow<'static, str> {
    match payload {
        PayloadHash::Sha256(hash) => Cow::Owned(hex(hash)),
        PayloadHash::Unsigned => Cow::Borrowed("UNSIGNED-PAYLOAD"),
    }
}

pub(super) fn hex(bytes: &[u8]) -> String {
    let nibbles = bytes.iter().flat_map(|byte| [byte >> 4, byte & 0xf]);
    nibbles
        .filter_map(|nibble| char::from_digit(nibble.into(), 16))
        .collect()
}
