//! ReadyForQuery: the server is ready for the next command.

use bytes::{BufMut, BytesMut};

use crate::MessageError;
use crate::reader::Reader;
use crate::writer;

/// The tag of ReadyForQuery.
pub const READY_FOR_QUERY: u8 = b'Z';

/// The transaction status of a session between two commands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum TransactionStatus {
    /// Not in a transaction.
    Idle,
    /// In a transaction block.
    InTransaction,
    /// In a failed transaction block: the server rejects all commands until the block ends.
    Failed,
}

/// Writes a ReadyForQuery message.
pub fn ready_for_query(status: TransactionStatus, buf: &mut BytesMut) {
    writer::message(READY_FOR_QUERY, buf, |buf| buf.put_u8(status.as_byte()));
}

/// Parses the body of a ReadyForQuery message.
///
/// # Errors
/// Fails if the body is not one of the three status bytes.
pub fn parse_ready_for_query(body: &[u8]) -> Result<TransactionStatus, MessageError> {
    let mut reader = Reader::new("ReadyForQuery", body);
    let status = TransactionStatus::from_byte(reader.u8()?)
        .ok_or_else(|| reader.bad_value("its transaction status is unknown"))?;
    reader.finish()?;
    Ok(status)
}

// === impl TransactionStatus ===

impl TransactionStatus {
    /// Returns the status for the byte in ReadyForQuery.
    pub fn from_byte(byte: u8) -> Option<Self> {
        match byte {
            b'I' => Some(Self::Idle),
            b'T' => Some(Self::InTransaction),
            b'E' => Some(Self::Failed),
            _ => None,
        }
    }

    /// Returns the byte in ReadyForQuery: `I`, `T` or `E`.
    pub fn as_byte(self) -> u8 {
        match self {
            Self::Idle => b'I',
            Self::InTransaction => b'T',
            Self::Failed => b'E',
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn writes_the_documented_bytes() {
        let mut buf = BytesMut::new();
        ready_for_query(TransactionStatus::Idle, &mut buf);
        assert_eq!(&buf[..], b"Z\0\0\0\x05I");
    }

    #[test]
    fn rejects_a_body_that_is_not_a_status() {
        for body in [&b""[..], b"X", b"II"] {
            assert!(parse_ready_for_query(body).is_err(), "{body:?}");
        }
    }
}
