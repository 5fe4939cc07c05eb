//! SASLResponse: a further step of the client in a SASL exchange.

use bytes::{BufMut, BytesMut};

use super::PASSWORD_MESSAGE;
use crate::writer;

/// Writes a SASLResponse message. Its body is the mechanism's own data and nothing else, so there
/// is nothing to parse.
pub fn sasl_response(data: &[u8], buf: &mut BytesMut) {
    writer::message(PASSWORD_MESSAGE, buf, |buf| buf.put_slice(data));
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn writes_the_documented_bytes() {
        let mut buf = BytesMut::new();
        sasl_response(b"c=biws", &mut buf);
        assert_eq!(&buf[..], b"p\0\0\0\x0ac=biws");
    }
}
