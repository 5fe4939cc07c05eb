//! SASLInitialResponse: the mechanism that the client selected, and its first message.

use bytes::{BufMut, BytesMut};

use super::PASSWORD_MESSAGE;
use crate::MessageError;
use crate::reader::Reader;
use crate::writer;

/// The length that means "no response".
const NONE: i32 = -1;

/// A SASLInitialResponse message.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SaslInitialResponse<'a> {
    /// The mechanism, such as `SCRAM-SHA-256`.
    pub mechanism: &'a str,
    /// The mechanism's first message, if the client sends it together with the mechanism.
    pub response: Option<&'a [u8]>,
}

/// Writes a SASLInitialResponse message.
pub fn sasl_initial(mechanism: &str, response: Option<&[u8]>, buf: &mut BytesMut) {
    writer::message(PASSWORD_MESSAGE, buf, |buf| {
        writer::string(mechanism, buf);
        match response {
            None => buf.put_i32(NONE),
            Some(response) => {
                buf.put_i32(i32::try_from(response.len()).unwrap_or(i32::MAX));
                buf.put_slice(response);
            }
        }
    });
}

// === impl SaslInitialResponse ===

impl<'a> SaslInitialResponse<'a> {
    /// Parses the body of a SASLInitialResponse message.
    ///
    /// # Errors
    /// Fails if the body is not a name and a response of the announced length.
    pub fn parse(body: &'a [u8]) -> Result<Self, MessageError> {
        let mut reader = Reader::new("SASLInitialResponse", body);
        let mechanism = reader.text()?;
        let response = match reader.i32()? {
            NONE => None,
            length => {
                let length = usize::try_from(length)
                    .map_err(|_| reader.bad_value("the length of its response is negative"))?;
                Some(reader.bytes(length)?)
            }
        };
        reader.finish()?;
        Ok(Self {
            mechanism,
            response,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn writes_the_documented_bytes() {
        let mut buf = BytesMut::new();
        sasl_initial("SCRAM-SHA-256", Some(b"n,,"), &mut buf);
        assert_eq!(&buf[..], b"p\0\0\0\x19SCRAM-SHA-256\0\0\0\0\x03n,,");
    }

    #[test]
    fn rejects_lengths_that_do_not_match_the_body() {
        for length in [i32::MIN, -2, 0, 2, 4, i32::MAX] {
            let body = [b"X\0", &length.to_be_bytes()[..], b"n,,"].concat();
            assert!(SaslInitialResponse::parse(&body).is_err(), "{length}");
        }
    }
}
