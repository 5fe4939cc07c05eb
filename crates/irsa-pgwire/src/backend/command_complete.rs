//! CommandComplete: what a statement was and how many rows it touched.

use bytes::BytesMut;

use crate::MessageError;
use crate::reader::Reader;
use crate::writer;

/// The tag of CommandComplete.
pub const COMMAND_COMPLETE: u8 = b'C';

/// The end of a statement's results.
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
    /// Reads the body of a CommandComplete message.
    ///
    /// # Errors
    /// A body that is not one UTF-8 string.
    pub fn parse(body: &'a [u8]) -> Result<Self, MessageError> {
        let mut reader = Reader::new("CommandComplete", body);
        let tag = reader.text()?;
        reader.finish()?;
        Ok(Self { tag })
    }

    /// The whole tag, as `INSERT 0 5` or `DISCARD ALL`.
    pub fn tag(&self) -> &'a str {
        self.tag
    }

    /// The rows that the statement touched, where its tag ends with a count.
    pub fn rows(&self) -> Option<u64> {
        self.tag.rsplit_once(' ')?.1.parse().ok()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn counts_rows_where_the_tag_does() {
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
    fn rejects_what_is_not_one_string() {
        for body in [&b""[..], b"BEGIN", b"BEGIN\0x", b"\xff\0"] {
            assert!(CommandComplete::parse(body).is_err(), "{body:?}");
        }
    }
}
