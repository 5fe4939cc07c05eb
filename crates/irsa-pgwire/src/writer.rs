//! Functions that append messages and fields to a buffer.

use bytes::{BufMut, BytesMut};

/// The size of the length word, which includes itself.
const LENGTH: usize = 4;

/// Writes a message: the tag, the length, and the body, which `body` appends.
pub(crate) fn message(tag: u8, buf: &mut BytesMut, body: impl FnOnce(&mut BytesMut)) {
    buf.put_u8(tag);
    packet(buf, body);
}

/// Writes a startup packet, which has a length but no tag.
///
/// A length above `i32::MAX` is written as `i32::MAX`, which readers reject. Callers send far less.
pub(crate) fn packet(buf: &mut BytesMut, body: impl FnOnce(&mut BytesMut)) {
    let start = buf.len();
    buf.put_bytes(0, LENGTH);
    body(buf);
    let length = i32::try_from(buf.len() - start).unwrap_or(i32::MAX);
    if let Some(word) = buf.get_mut(start..).and_then(<[u8]>::first_chunk_mut) {
        *word = length.to_be_bytes();
    }
}

/// Writes a string up to its first zero byte, followed by the terminating zero byte.
pub(crate) fn string(string: impl AsRef<[u8]>, buf: &mut BytesMut) {
    buf.put_slice(until_zero(string.as_ref()));
    buf.put_u8(0);
}

/// Returns `string` up to its first zero byte.
pub(crate) fn until_zero(string: &[u8]) -> &[u8] {
    string.split(|&byte| byte == 0).next().unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sets_the_length_of_a_message_in_a_buffer_with_content() {
        let mut buf = BytesMut::from(&b"before"[..]);
        message(b'Q', &mut buf, |buf| string("ab", buf));
        assert_eq!(&buf[..], b"beforeQ\0\0\0\x07ab\0");
    }

    #[test]
    fn truncates_a_string_at_its_first_zero_byte() {
        let mut buf = BytesMut::new();
        string("user\0database\0", &mut buf);
        assert_eq!(&buf[..], b"user\0");
    }
}
