//! Encoding of ErrorResponse and NoticeResponse.

use bytes::{BufMut, BytesMut};

use super::{ERROR_RESPONSE, ErrorResponse, NOTICE_RESPONSE};
use crate::writer;

// === impl ErrorResponse ===

impl ErrorResponse {
    /// Writes an ErrorResponse message.
    pub fn encode(&self, buf: &mut BytesMut) {
        writer::message(ERROR_RESPONSE, buf, |buf| self.put_fields(buf));
    }

    /// Writes a NoticeResponse message.
    pub fn encode_notice(&self, buf: &mut BytesMut) {
        writer::message(NOTICE_RESPONSE, buf, |buf| self.put_fields(buf));
    }

    fn put_fields(&self, buf: &mut BytesMut) {
        put_field(b'S', self.severity.as_str(), buf);
        put_field(b'V', self.severity.as_str(), buf);
        put_field(b'C', self.code.as_str(), buf);
        put_field(b'M', &self.message, buf);
        if let Some(detail) = &self.detail {
            put_field(b'D', detail, buf);
        }
        if let Some(hint) = &self.hint {
            put_field(b'H', hint, buf);
        }
        for (letter, value) in &self.others {
            // A zero byte instead of a letter would end the message.
            if *letter != 0 {
                put_field(*letter, value, buf);
            }
        }
        buf.put_u8(0);
    }
}

fn put_field(letter: u8, value: &str, buf: &mut BytesMut) {
    buf.put_u8(letter);
    writer::string(value, buf);
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sqlstate::SqlState;

    #[test]
    fn writes_the_documented_bytes() {
        let mut buf = BytesMut::new();
        ErrorResponse::fatal(SqlState::INVALID_PASSWORD, "no")
            .detail("d")
            .hint("h")
            .encode(&mut buf);
        assert_eq!(
            &buf[..],
            b"E\0\0\0\x24SFATAL\0VFATAL\0C28P01\0Mno\0Dd\0Hh\0\0"
        );
    }

    #[test]
    fn writes_a_notice_under_its_own_tag() {
        let mut buf = BytesMut::new();
        ErrorResponse::notice(SqlState::SUCCESSFUL_COMPLETION, "hello").encode_notice(&mut buf);
        assert_eq!(&buf[..], b"N\0\0\0\x23SNOTICE\0VNOTICE\0C00000\0Mhello\0\0");
    }

    #[test]
    fn a_message_cannot_inject_a_field() {
        let mut buf = BytesMut::new();
        ErrorResponse::error(SqlState::INTERNAL_ERROR, "a\0C00000").encode(&mut buf);
        assert!(buf.ends_with(b"CXX000\0Ma\0\0"));
    }
}
