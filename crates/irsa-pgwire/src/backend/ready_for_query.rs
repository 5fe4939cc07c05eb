//! ReadyForQuery: the server waits for the next command.

use bytes::{BufMut, BytesMut};

use crate::MessageError;
use crate::reader::Reader;
use crate::writer;

/// The tag of ReadyForQuery.
pub const READY_FOR_QUERY: u8 = b'Z';

/// Where the session stands between two commands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum TransactionStatus {
    /// In no transaction.
    Idle,
    /// In a transaction.
    InTransaction,
    /// In a transaction that failed and takes nothing but its end.
    Failed,
}

/// Writes a ReadyForQuery message.
pub fn ready_for_query(status: TransactionStatus, buf: &mut BytesMut) {
    writer::message(READY_FOR_QUERY, buf, |buf| buf.put_u8(status.as_byte()));
}

/// Reads the body of a ReadyForQuery message.
///
/// # Errors
/// A body that is not one of the three states.
pub fn parse_ready_for_query(body: &[u8]) -> Result<TransactionStatus, MessageError> {
    let mut reader = Reader::new("ReadyForQuery", body);
    let status = TransactionStatus::from_byte(reader.u8()?)
        .ok_or_else(|| reader.bad_value("it names no transaction status"))?;
    reader.finish()?;
    Ok(status)
}

// === impl TransactionStatus ===

impl TransactionStatus {
    /// The status that a ReadyForQuery's only byte stands for.
    pub fn from_byte(byte: u8) -> Option<Self> {
        match byte {
            b'I' => Some(Self::Idle),
            b'T' => Some(Self::InTransaction),
            b'E' => Some(Self::Failed),
            _ => None,
        }
    }

    /// `I`, `T` or `E`.
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
    fn rejects_what_is_no_status() {
        for body in [&b""[..], b"X", b"II"] {
            assert!(parse_ready_for_query(body).is_err(), "{body:?}");
        }
    }
}
