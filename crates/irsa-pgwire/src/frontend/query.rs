//! Query: a query in the simple query protocol.

use bytes::BytesMut;

use crate::MessageError;
use crate::reader::Reader;
use crate::writer;

/// The tag of Query.
pub const QUERY: u8 = b'Q';

/// Writes a Query message.
pub fn query(sql: impl AsRef<[u8]>, buf: &mut BytesMut) {
    writer::message(QUERY, buf, |buf| writer::string(sql, buf));
}

/// Parses the body of a Query message. The text is in the session's encoding.
///
/// # Errors
/// Fails if the body is not a single string.
pub fn parse_query(body: &[u8]) -> Result<&[u8], MessageError> {
    let mut reader = Reader::new("Query", body);
    let sql = reader.string()?;
    reader.finish()?;
    Ok(sql)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn writes_the_documented_bytes() {
        let mut buf = BytesMut::new();
        query("SELECT 1", &mut buf);
        assert_eq!(&buf[..], b"Q\0\0\0\x0dSELECT 1\0");
    }

    #[test]
    fn rejects_a_body_that_is_not_a_single_string() {
        for body in [&b""[..], b"SELECT 1", b"SELECT 1\0SELECT 2\0"] {
            assert!(parse_query(body).is_err(), "{body:?}");
        }
    }
}
