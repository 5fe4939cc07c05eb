//! CommandComplete: the command that finished, and the number of rows it affected.

use bytes::BytesMut;

use crate::MessageError;
use crate::reader::Reader;
use crate::writer;

/// The tag of CommandComplete.
pub const COMMAND_COMPLETE: u8 = b'C';

/// A CommandComplete message.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct CommandComplete<'a> {
    tag: &'a str,
}

/// Writes a CommandComplete message.
pub fn command_complete(tag: &str, buf: &mut BytesMut) {
    writer::message(COMMAND_COMPLETE, buf, |buf| writer::string(tag, buf));
}

// === impl CommandComplete ===

impl<'a> CommandComplete<'a> {
    /// Parses the body of a CommandComplete message.
    ///
    /// # Errors
    /// Fails if the body is not a single UTF-8 string.
    pub fn parse(body: &'a [u8]) -> Result<Self, MessageError> {
        let mut reader = Reader::new("CommandComplete", body);
        let tag = reader.text()?;
        reader.finish()?;
        Ok(Self { tag })
    }

    /// Returns the command tag, such as `INSERT 0 5` or `DISCARD ALL`.
    pub fn tag(&self) -> &'a str {
        self.tag
    }

    /// Returns the number of affected rows, if the tag ends with one.
    pub fn rows(&self) -> Option<u64> {
        self.tag.rsplit_once(' ')?.1.parse().ok()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn returns_the_row_count_of_tags_that_have_one() {
        for (body, tag, rows) in [
            (&b"INSERT 0 5\0"[..], "INSERT 0 5", Some(5)),
            (b"SELECT 1\0", "SELECT 1", Some(1)),
            (b"DISCARD ALL\0", "DISCARD ALL", None),
            (b"BEGIN\0", "BEGIN", None),
        ] {
            let complete = CommandComplete::parse(body).unwrap();
            assert_eq!((complete.tag(), complete.rows()), (tag, rows));
        }
    }

    #[test]
    fn rejects_a_body_that_is_not_a_single_string() {
        for body in [&b""[..], b"BEGIN", b"BEGIN\0x", b"\xff\0"] {
            assert!(CommandComplete::parse(body).is_err(), "{body:?}");
        }
    }
}
