//! The five-byte header of each message.

/// The size of a header in bytes: the tag and the length.
pub const HEADER: usize = 5;

/// The maximum size of a body: the length is a signed 32-bit number that includes itself.
pub const MAX_BODY: usize = 0x7fff_ffff - LENGTH;

const LENGTH: usize = 4;

/// A message header (PostgreSQL docs, "Message Formats").
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Header {
    /// The message type.
    pub tag: u8,
    /// The size of the body in bytes: the length on the wire minus the four bytes of the length itself.
    pub body_len: usize,
}

/// The error for an invalid or excessive message length, after which the stream cannot be parsed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum FrameError {
    /// The length is negative or less than 4, the size of the length itself.
    #[error("message {} has the invalid length {length}", shown(*.tag))]
    InvalidLength {
        /// The message type.
        tag: u8,
        /// The length on the wire.
        length: i32,
    },
    /// The body is larger than the reader's limit.
    #[error("message {} has {body_len} bytes; the limit is {maximum}", shown(*.tag))]
    TooLong {
        /// The message type.
        tag: u8,
        /// The size of the body in bytes.
        body_len: usize,
        /// The limit in bytes.
        maximum: usize,
    },
}

// === impl Header ===

impl Header {
    /// Parses the header at the start of `buf`. Returns `None` if it is incomplete.
    ///
    /// # Errors
    /// Fails if the length is less than 4.
    pub fn parse(buf: &[u8]) -> Result<Option<Self>, FrameError> {
        let Some(&[tag, ref length @ ..]) = buf.first_chunk::<HEADER>() else {
            return Ok(None);
        };
        let length = i32::from_be_bytes(*length);
        // Validate the signed number first: no arithmetic on an unchecked number from the peer.
        let body_len = usize::try_from(length)
            .ok()
            .and_then(|length| length.checked_sub(LENGTH))
            .ok_or(FrameError::InvalidLength { tag, length })?;
        Ok(Some(Self { tag, body_len }))
    }

    /// Returns this header if its body has at most `maximum` bytes.
    ///
    /// # Errors
    /// Fails if the body is larger.
    pub fn at_most(self, maximum: usize) -> Result<Self, FrameError> {
        let Self { tag, body_len } = self;
        if body_len > maximum {
            return Err(FrameError::TooLong {
                tag,
                body_len,
                maximum,
            });
        }
        Ok(self)
    }
}

fn shown(tag: u8) -> String {
    if tag.is_ascii_alphanumeric() {
        format!("`{}`", char::from(tag))
    } else {
        format!("{tag:#04x}")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn returns_none_until_five_bytes_are_available() {
        let bytes = b"Z\0\0\0\x05I";
        for end in 0..HEADER {
            assert_eq!(Header::parse(&bytes[..end]), Ok(None));
        }
        let header = Header {
            tag: b'Z',
            body_len: 1,
        };
        assert_eq!(Header::parse(bytes), Ok(Some(header)));
    }

    #[test]
    fn rejects_lengths_that_do_not_include_themselves() {
        for length in [i32::MIN, -1, 0, 3] {
            let bytes = [&b"D"[..], &length.to_be_bytes()].concat();
            assert_eq!(
                Header::parse(&bytes),
                Err(FrameError::InvalidLength { tag: b'D', length })
            );
        }
    }

    #[test]
    fn accepts_the_maximum_length() {
        let header = Header::parse(b"D\x7f\xff\xff\xff").unwrap().unwrap();
        assert_eq!(header.body_len, MAX_BODY);
    }

    #[test]
    fn errors_name_the_message() {
        let error = Header::parse(b"D\0\0\0\0").unwrap_err();
        assert_eq!(error.to_string(), "message `D` has the invalid length 0");
        let error = Header::parse(b"\x16\0\0\0\x09")
            .unwrap()
            .unwrap()
            .at_most(4)
            .unwrap_err();
        assert_eq!(
            error.to_string(),
            "message 0x16 has 5 bytes; the limit is 4"
        );
    }
}
