//! SASLResponse: the client's next message in a SASL exchange.

use bytes::{BufMut, BytesMut};

use super::PASSWORD_MESSAGE;
use crate::writer;

/// Writes a SASLResponse message. Its body consists only of the mechanism's data, so it needs no parser.
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
