//! CopyFail: the client ends COPY data with an error.

use bytes::BytesMut;

use crate::writer;

/// The tag of CopyFail.
pub const COPY_FAIL: u8 = b'f';

/// Writes a CopyFail message. The server includes `reason` in its error.
pub fn copy_fail(reason: impl AsRef<[u8]>, buf: &mut BytesMut) {
    writer::message(COPY_FAIL, buf, |buf| writer::string(reason, buf));
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn writes_the_documented_bytes() {
        let mut buf = BytesMut::new();
        copy_fail("enough", &mut buf);
        assert_eq!(&buf[..], b"f\0\0\0\x0benough\0");
    }
}
