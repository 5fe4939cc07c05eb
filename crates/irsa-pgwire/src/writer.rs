//! Appends messages and their fields to a buffer.

use bytes::{BufMut, BytesMut};

/// Bytes of the length word, which counts itself.
const LENGTH: usize = 4;

/// Writes a message: tag, length, and the body that `body` appends.
pub(crate) fn message(tag: u8, buf: &mut BytesMut, body: impl FnOnce(&mut BytesMut)) {
    buf.put_u8(tag);
    packet(buf, body);
}

/// Writes a packet of the start-up, which has a length but no tag.
///
/// A length beyond `i32::MAX` can't be written. It is set to the largest one, which a reader
/// refuses: callers bound what they send far below.
pub(crate) fn packet(buf: &mut BytesMut, body: impl FnOnce(&mut BytesMut)) {
    let start = buf.len();
    buf.put_bytes(0, LENGTH);
    body(buf);
    let length = i32::try_from(buf.len() - start).unwrap_or(i32::MAX);
    if let Some(word) = buf.get_mut(start..).and_then(<[u8]>::first_chunk_mut) {
        *word = length.to_be_bytes();
    }
}

/// Writes a string up to its first zero byte, and the zero byte that ends it.
pub(crate) fn string(string: impl AsRef<[u8]>, buf: &mut BytesMut) {
    buf.put_slice(until_zero(string.as_ref()));
    buf.put_u8(0);
}

/// The part of `string` that the protocol can carry.
pub(crate) fn until_zero(string: &[u8]) -> &[u8] {
    string.split(|&byte| byte == 0).next().unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn patches_the_length_after_what_was_there_before() {
        let mut buf = BytesMut::from(&b"before"[..]);
        message(b'Q', &mut buf, |buf| string("ab", buf));
        assert_eq!(&buf[..], b"beforeQ\0\0\0\x07ab\0");
    }

    #[test]
    fn cuts_a_string_at_its_first_zero_byte() {
        let mut buf = BytesMut::new();
        string("user\0database\0", &mut buf);
        assert_eq!(&buf[..], b"user\0");
    }
}
