//! The five bytes before each body.

/// Bytes of a header: the tag and the length.
pub const HEADER: usize = 5;

/// The longest body that the length, a signed number that counts itself, can tell.
pub const MAX_BODY: usize = 0x7fff_ffff - LENGTH;

const LENGTH: usize = 4;

/// What comes before a body (PostgreSQL docs, "Message Formats").
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Header {
    /// The kind of message.
    pub tag: u8,
    /// Bytes of the body: the length on the wire less its own four.
    pub body_len: usize,
}

/// A length that no message has: the stream can't be followed any further.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum FrameError {
    /// Less than the four bytes of the length itself, or negative.
    #[error("message {} has the impossible length {length}", shown(*.tag))]
    ImpossibleLength {
        /// The kind of message.
        tag: u8,
        /// The length as it was sent.
        length: i32,
    },
    /// More than the reader takes.
    #[error("message {} has {body_len} bytes, more than the {maximum} allowed", shown(*.tag))]
    TooLong {
        /// The kind of message.
        tag: u8,
        /// Bytes of its body.
        body_len: usize,
        /// Bytes that are allowed.
        maximum: usize,
    },
}

// === impl Header ===

impl Header {
    /// Reads the header at the start of `buf`; `None` if it is not complete yet.
    ///
    /// # Errors
    /// A length below 4.
    pub fn parse(buf: &[u8]) -> Result<Option<Self>, FrameError> {
        let Some(&[tag, ref length @ ..]) = buf.first_chunk::<HEADER>() else {
            return Ok(None);
        };
        let length = i32::from_be_bytes(*length);
        // Checked while still signed: no arithmetic on a number that the peer chose.
        let body_len = usize::try_from(length)
            .ok()
            .and_then(|length| length.checked_sub(LENGTH))
            .ok_or(FrameError::ImpossibleLength { tag, length })?;
        Ok(Some(Self { tag, body_len }))
    }

    /// The same header, if its body has at most `maximum` bytes.
    ///
    /// # Errors
    /// A longer body.
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
    fn asks_for_more_until_five_bytes_are_there() {
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
    fn rejects_lengths_that_do_not_cover_themselves() {
        for length in [i32::MIN, -1, 0, 3] {
            let bytes = [&b"D"[..], &length.to_be_bytes()].concat();
            assert_eq!(
                Header::parse(&bytes),
                Err(FrameError::ImpossibleLength { tag: b'D', length })
            );
        }
    }

    #[test]
    fn takes_the_longest_length_there_is() {
        let header = Header::parse(b"D\x7f\xff\xff\xff").unwrap().unwrap();
        assert_eq!(header.body_len, MAX_BODY);
    }

    #[test]
    fn names_the_message_in_its_error() {
        let error = Header::parse(b"D\0\0\0\0").unwrap_err();
        assert_eq!(error.to_string(), "message `D` has the impossible length 0");
        let error = Header::parse(b"\x16\0\0\0\x09")
            .unwrap()
            .unwrap()
            .at_most(4)
            .unwrap_err();
        assert_eq!(
            error.to_string(),
            "message 0x16 has 5 bytes, more than the 4 allowed"
        );
    }
}
