//! BackendKeyData: the key for cancel requests.

use bytes::{BufMut, BytesMut};

use crate::MessageError;
use crate::message_error::Fault;
use crate::startup::CancelKey;
use crate::writer;

/// The tag of BackendKeyData.
pub const BACKEND_KEY_DATA: u8 = b'K';

/// Writes a BackendKeyData message. Clients that use protocol 3.0 accept only secrets of 4 bytes.
pub fn backend_key_data(key: &CancelKey, buf: &mut BytesMut) {
    writer::message(BACKEND_KEY_DATA, buf, |buf| {
        buf.put_u32(key.process_id);
        buf.put_slice(key.secret());
    });
}

/// Parses the body of a BackendKeyData message.
///
/// # Errors
/// Fails if the secret is not 4 to 256 bytes long.
pub fn parse_backend_key_data(body: &[u8]) -> Result<CancelKey, MessageError> {
    CancelKey::parse(body).ok_or_else(|| {
        let fault = Fault::Value("its secret is not 4 to 256 bytes long");
        MessageError::new("BackendKeyData", fault)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn writes_the_documented_bytes() {
        let mut buf = BytesMut::new();
        backend_key_data(&CancelKey::new(258, vec![1, 2, 3, 4]), &mut buf);
        assert_eq!(&buf[..], b"K\0\0\0\x0c\0\0\x01\x02\x01\x02\x03\x04");
    }

    #[test]
    fn rejects_secrets_that_are_too_short_or_too_long() {
        for length in [0, 7, 4 + 257] {
            assert!(
                parse_backend_key_data(&vec![1; length]).is_err(),
                "{length}"
            );
        }
    }
}
