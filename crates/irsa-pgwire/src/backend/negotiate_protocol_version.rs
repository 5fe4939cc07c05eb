//! NegotiateProtocolVersion: the server does not support everything that the client requested.

use bytes::{BufMut, Bytes, BytesMut};

use crate::MessageError;
use crate::reader::Reader;
use crate::startup::Version;
use crate::writer;

/// The tag of NegotiateProtocolVersion.
pub const NEGOTIATE_PROTOCOL_VERSION: u8 = b'v';

/// A NegotiateProtocolVersion message.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NegotiateProtocolVersion {
    /// The version that the session uses. PostgreSQL sends the major and the minor version, although its documentation
    /// mentions only the minor one.
    pub newest: Version,
    /// The client's `_pq_.` options that the server does not recognize.
    pub unrecognized: Vec<Bytes>,
}

// === impl NegotiateProtocolVersion ===

impl NegotiateProtocolVersion {
    /// Parses the body of a NegotiateProtocolVersion message.
    ///
    /// # Errors
    /// Fails if the major version is not 3 (libpq's rule) or the list does not have the announced length.
    pub fn parse(body: &[u8]) -> Result<Self, MessageError> {
        let mut reader = Reader::new("NegotiateProtocolVersion", body);
        let newest = Version::from(reader.u32()?);
        if newest.major != Version::V3_0.major {
            return Err(reader.bad_value("its major version is not 3"));
        }
        // Each name takes at least one byte of the body, so a large count alone allocates nothing.
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
    fn rejects_a_count_that_does_not_match_the_body() {
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
