//! NegotiateProtocolVersion: the server speaks less than the client asked for.

use bytes::{BufMut, Bytes, BytesMut};

use crate::MessageError;
use crate::reader::Reader;
use crate::startup::Version;
use crate::writer;

/// The tag of NegotiateProtocolVersion.
pub const NEGOTIATE_PROTOCOL_VERSION: u8 = b'v';

/// What the server can do of what the client asked for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NegotiateProtocolVersion {
    /// The version that the session has. PostgreSQL sends major and minor, though its documentation
    /// tells of the minor only.
    pub newest: Version,
    /// The client's `_pq_.` options that the server does not know.
    pub unrecognized: Vec<Bytes>,
}

// === impl NegotiateProtocolVersion ===

impl NegotiateProtocolVersion {
    /// Reads the body of a NegotiateProtocolVersion message.
    ///
    /// # Errors
    /// A version that is not 3, as libpq has it, or a list that is not as long as it says.
    pub fn parse(body: &[u8]) -> Result<Self, MessageError> {
        let mut reader = Reader::new("NegotiateProtocolVersion", body);
        let newest = Version::from(reader.u32()?);
        if newest.major != Version::V3_0.major {
            return Err(reader.bad_value("it names no version 3"));
        }
        // Each name costs its reader a byte at least, so the count alone allocates nothing.
        let unrecognized = (0..reader.u32()?)
            .map(|_| reader.string().map(Bytes::copy_from_slice))
            .collect::<Result<_, _>>()?;
        reader.finish()?;
        Ok(Self {
            newest,
            unrecognized,
        })
    }

    /// Writes the message.
    pub fn encode(&self, buf: &mut BytesMut) {
        writer::message(NEGOTIATE_PROTOCOL_VERSION, buf, |buf| {
            buf.put_u32(self.newest.into());
            buf.put_u32(u32::try_from(self.unrecognized.len()).unwrap_or(u32::MAX));
            for name in &self.unrecognized {
                writer::string(name, buf);
            }
        });
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn writes_the_bytes_that_libpq_expects() {
        let mut buf = BytesMut::new();
        let message = NegotiateProtocolVersion {
            newest: Version::V3_2,
            unrecognized: vec![Bytes::from_static(b"_pq_.x")],
        };
        message.encode(&mut buf);
        assert_eq!(&buf[..], b"v\0\0\0\x13\0\x03\0\x02\0\0\0\x01_pq_.x\0");
    }

    #[test]
    fn rejects_a_count_that_the_body_does_not_hold() {
        for body in [
            &b"\0\x03\0\0\xff\xff\xff\xff"[..],
            b"\0\x03\0\0\0\0\0\x02_pq_.x\0",
            b"\0\x03\0\0\0\0\0\x01_pq_.x",
            b"\0\x03\0\0\0\0\0\0_pq_.x\0",
            b"\0\x02\0\0\0\0\0\0",
            b"\0\x03\0",
        ] {
            assert!(NegotiateProtocolVersion::parse(body).is_err(), "{body:?}");
        }
    }
}
