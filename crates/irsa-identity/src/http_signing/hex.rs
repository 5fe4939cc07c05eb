//! Bytes as lower-case hexadecimal digits.

use std::borrow::Cow;

use super::PayloadHash;

/// Returns the value of `x-amz-content-sha256`.
pub(super) fn payload_hash(payload: PayloadHash<'_>) -> Cow<'static, str> {
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
