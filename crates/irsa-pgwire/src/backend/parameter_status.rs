//! ParameterStatus: the value of a run-time parameter.

use bytes::BytesMut;

use crate::MessageError;
use crate::reader::Reader;
use crate::writer;

/// The tag of ParameterStatus.
pub const PARAMETER_STATUS: u8 = b'S';

/// A parameter and its value. Both are bytes because the value is in the session's encoding.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ParameterStatus<'a> {
    /// The parameter, such as `client_encoding`.
    pub name: &'a [u8],
    /// Its new value.
    pub value: &'a [u8],
}

/// Writes a ParameterStatus message.
pub fn parameter_status(name: impl AsRef<[u8]>, value: impl AsRef<[u8]>, buf: &mut BytesMut) {
    writer::message(PARAMETER_STATUS, buf, |buf| {
        writer::string(name, buf);
        writer::string(value, buf);
    });
}

// === impl ParameterStatus ===

impl<'a> ParameterStatus<'a> {
    /// Parses the body of a ParameterStatus message.
    ///
    /// # Errors
    /// Fails if the body is not two strings.
    pub fn parse(body: &'a [u8]) -> Result<Self, MessageError> {
        let mut reader = Reader::new("ParameterStatus", body);
        let (name, value) = (reader.string()?, reader.string()?);
        reader.finish()?;
        Ok(Self { name, value })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn writes_the_documented_bytes() {
        let mut buf = BytesMut::new();
        parameter_status("TimeZone", "UTC", &mut buf);
        assert_eq!(&buf[..], b"S\0\0\0\x11TimeZone\0UTC\0");
    }

    #[test]
    fn rejects_a_body_that_is_not_two_strings() {
        for body in [&b""[..], b"TimeZone\0", b"TimeZone\0UTC", b"a\0b\0c\0"] {
            assert!(ParameterStatus::parse(body).is_err(), "{body:?}");
        }
    }
}
