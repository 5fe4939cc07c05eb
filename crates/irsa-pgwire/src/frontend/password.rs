//! PasswordMessage: a password or an IAM token.

use bytes::BytesMut;

use super::PASSWORD_MESSAGE;
use crate::MessageError;
use crate::reader::Reader;
use crate::writer;

/// Writes a PasswordMessage. The password can have any length.
pub fn password(password: &[u8], buf: &mut BytesMut) {
    writer::message(PASSWORD_MESSAGE, buf, |buf| writer::string(password, buf));
}

/// Parses the body of a PasswordMessage.
///
/// # Errors
/// Fails if the body is not a single string.
pub fn parse_password(body: &[u8]) -> Result<&[u8], MessageError> {
    let mut reader = Reader::new("PasswordMessage", body);
    let password = reader.string()?;
    reader.finish()?;
    Ok(password)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn writes_the_documented_bytes() {
        let mut buf = BytesMut::new();
        password(b"secret", &mut buf);
        assert_eq!(&buf[..], b"p\0\0\0\x0bsecret\0");
    }

    #[test]
    fn rejects_a_malformed_body_without_showing_it() {
        for body in [&b""[..], b"secret", b"secret\0more", b"\0\0"] {
            let error = parse_password(body).unwrap_err();
            assert!(!format!("{error} {error:?}").contains("secret"));
        }
    }
}
