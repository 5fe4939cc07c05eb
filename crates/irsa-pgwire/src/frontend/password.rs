//! PasswordMessage: a password, or an IAM token in its place.

use bytes::BytesMut;

use super::PASSWORD_MESSAGE;
use crate::MessageError;
use crate::reader::Reader;
use crate::writer;

/// Writes a PasswordMessage, of any length.
pub fn password(password: &[u8], buf: &mut BytesMut) {
    writer::message(PASSWORD_MESSAGE, buf, |buf| writer::string(password, buf));
}

/// Reads the body of a PasswordMessage.
///
/// # Errors
/// A body that is not one string.
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
    fn rejects_what_is_not_one_string_without_showing_it() {
        for body in [&b""[..], b"secret", b"secret\0more", b"\0\0"] {
            let error = parse_password(body).unwrap_err();
            assert!(!format!("{error} {error:?}").contains("secret"));
        }
    }
}
