//! The startup packets other than StartupMessage: encryption requests and cancel requests.

use bytes::{BufMut, BytesMut};

use super::{CancelKey, StartupError};
use crate::writer;

/// The code of CancelRequest, 1234.5678: not a valid protocol version.
pub(super) const CANCEL_REQUEST: u32 = 80_877_102;
/// The code of SSLRequest, 1234.5679.
pub const SSL_REQUEST: u32 = 80_877_103;
/// The code of GSSENCRequest, 1234.5680.
pub const GSS_ENC_REQUEST: u32 = 80_877_104;

/// Writes an SSLRequest.
pub fn ssl_request(buf: &mut BytesMut) {
    writer::packet(buf, |buf| buf.put_u32(SSL_REQUEST));
}

/// Writes a GSSENCRequest.
pub fn gss_enc_request(buf: &mut BytesMut) {
    writer::packet(buf, |buf| buf.put_u32(GSS_ENC_REQUEST));
}

/// Writes a CancelRequest.
pub(super) fn cancel_request(key: &CancelKey, buf: &mut BytesMut) {
    writer::packet(buf, |buf| {
        buf.put_u32(CANCEL_REQUEST);
        buf.put_u32(key.process_id);
        buf.put_slice(key.secret());
    });
}

pub(super) fn parse_cancel(body: &[u8]) -> Result<CancelKey, StartupError> {
    CancelKey::parse(body).ok_or(StartupError::InvalidCancelLength)
}

#[cfg(test)]
mod tests {
    use super::super::{Initial, parse};
    use super::*;

    #[test]
    fn writes_the_documented_bytes() {
        let mut buf = BytesMut::new();
        ssl_request(&mut buf);
        gss_enc_request(&mut buf);
        cancel_request(&CancelKey::new(7, vec![1, 2, 3, 4]), &mut buf);
        let (ssl, rest) = buf.split_at(8);
        let (gss, cancel) = rest.split_at(8);
        assert_eq!(ssl, b"\0\0\0\x08\x04\xd2\x16\x2f");
        assert_eq!(gss, b"\0\0\0\x08\x04\xd2\x16\x30");
        assert_eq!(
            cancel,
            b"\0\0\0\x10\x04\xd2\x16\x2e\0\0\0\x07\x01\x02\x03\x04"
        );
    }

    #[test]
    fn ignores_the_body_of_an_encryption_request_as_postgresql_does() {
        for (code, request) in [(b'\x2f', Initial::Ssl), (b'\x30', Initial::GssEnc)] {
            let packet = [0, 0, 0, 9, 0x04, 0xd2, 0x16, code, 0];
            assert_eq!(parse(&packet), Ok(Some((request, packet.len()))));
        }
    }

    #[test]
    fn accepts_only_secrets_of_4_to_256_bytes() {
        for (length, taken) in [(0, false), (3, false), (4, true), (256, true), (257, false)] {
            let key = CancelKey::new(7, vec![b'k'; length]);
            let mut packet = BytesMut::new();
            key.encode_request(&mut packet);
            let wanted = if taken {
                Ok(Some((Initial::Cancel(key), packet.len())))
            } else {
                Err(StartupError::InvalidCancelLength)
            };
            assert_eq!(parse(&packet), wanted, "{length} bytes");
        }
    }
}
