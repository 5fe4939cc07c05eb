//! Terminate: the client ends the session.

use bytes::BytesMut;

use crate::writer;

/// The tag of Terminate.
pub const TERMINATE: u8 = b'X';

/// Writes a Terminate message.
pub fn terminate(buf: &mut BytesMut) {
    writer::message(TERMINATE, buf, |_| ());
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn writes_the_documented_bytes() {
        let mut buf = BytesMut::new();
        terminate(&mut buf);
        assert_eq!(&buf[..], b"X\0\0\0\x04");
    }
}
