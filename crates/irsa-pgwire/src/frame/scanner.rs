//! A scanner that follows a stream of messages without buffering their bodies.

use super::{FrameError, HEADER, Header, MAX_BODY};

/// Finds the messages in a stream that arrives in chunks of any size.
///
/// It buffers only a header that is split between chunks and the first `PEEK` bytes of a body, so a row of 1 GB needs
/// no memory.
///
/// # Caveats
/// The scanner cannot follow the startup phase: startup packets have no tag, and the response to SSLRequest is a single
/// byte.
#[derive(Debug, Clone)]
pub struct Scanner<const PEEK: usize = 0> {
    maximum: usize,
    header: [u8; HEADER],
    header_len: usize,
    /// A message whose header is complete but whose first `PEEK` bytes are not.
    unseen: Option<Header>,
    peek: [u8; PEEK],
    peek_len: usize,
    body_left: usize,
    failed: Option<FrameError>,
}

// === impl Scanner ===

impl<const PEEK: usize> Scanner<PEEK> {
    /// Creates a scanner at the start of a message that accepts bodies of up to `maximum` bytes.
    pub fn with_maximum(maximum: usize) -> Self {
        Self {
            maximum,
            header: [0; HEADER],
            header_len: 0,
            unseen: None,
            peek: [0; PEEK],
            peek_len: 0,
            body_left: 0,
            failed: None,
        }
    }

    /// Follows the stream through `chunk` and calls `on_message` for each message, once its header and its first `PEEK`
    /// bytes (or its whole body, if that is shorter) have passed.
    ///
    /// # Errors
    /// Fails if a length is invalid or exceeds the maximum. The stream cannot be followed after that: later calls
    /// return the same error.
    pub fn feed(
        &mut self,
        chunk: &[u8],
        mut on_message: impl FnMut(Header),
    ) -> Result<(), FrameError> {
        self.feed_peeking(chunk, |header, _| on_message(header))
    }

    /// Does the same as [`feed`](Self::feed) and passes the first bytes of each body to `on_message`.
    ///
    /// # Errors
    /// Fails in the same cases as [`feed`](Self::feed).
    pub fn feed_peeking(
        &mut self,
        mut chunk: &[u8],
        mut on_message: impl FnMut(Header, &[u8]),
    ) -> Result<(), FrameError> {
        while let Some(header) = self.scan(&mut chunk)? {
            on_message(header, self.peeked());
        }
        Ok(())
    }

    /// Removes bytes from `chunk` up to and including the header and the first `PEEK` body bytes of the next message,
    /// and returns the header. Returns `None` when the chunk is used up. The rest of `chunk` starts right after the
    /// removed bytes.
    ///
    /// # Errors
    /// Fails in the same cases as [`feed`](Self::feed).
    pub fn scan(&mut self, chunk: &mut &[u8]) -> Result<Option<Header>, FrameError> {
        if let Some(error) = self.failed {
            return Err(error);
        }
        if self.unseen.is_none() {
            self.skip_body(chunk);
            if self.body_left > 0 {
                return Ok(None);
            }
            let Some(header) = self.take_header(chunk)? else {
                return Ok(None);
            };
            self.body_left = header.body_len;
            self.peek_len = 0;
            self.unseen = Some(header);
        }
        Ok(self.take_peek(chunk))
    }

    /// Removes the rest of the current message's body from `chunk`.
    pub fn skip_body(&mut self, chunk: &mut &[u8]) {
        let skipped = self.body_left.min(chunk.len());
        self.body_left -= skipped;
        *chunk = chunk.get(skipped..).unwrap_or_default();
    }

    /// Returns the first bytes of the body of the last message that was found.
    pub fn peeked(&self) -> &[u8] {
        self.peek.get(..self.peek_len).unwrap_or_default()
    }

    /// Returns the number of bytes of the current message's body that have not arrived yet.
    pub fn body_left(&self) -> usize {
        self.body_left
    }

    /// Returns whether the stream is between two messages.
    pub fn is_at_boundary(&self) -> bool {
        self.failed.is_none()
            && self.header_len == 0
            && self.unseen.is_none()
            && self.body_left == 0
    }

    fn take_header(&mut self, chunk: &mut &[u8]) -> Result<Option<Header>, FrameError> {
        let parsed = if self.header_len == 0 && chunk.len() >= HEADER {
            let parsed = Header::parse(chunk);
            *chunk = chunk.get(HEADER..).unwrap_or_default();
            parsed
        } else {
            self.header_len += fill(&mut self.header, self.header_len, chunk);
            if self.header_len < HEADER {
                return Ok(None);
            }
            self.header_len = 0;
            Header::parse(&self.header)
        };
        parsed
            .and_then(|header| {
                header
                    .map(|header| header.at_most(self.maximum))
                    .transpose()
            })
            .inspect_err(|&error| self.failed = Some(error))
    }

    fn take_peek(&mut self, chunk: &mut &[u8]) -> Option<Header> {
        let wanted = self.unseen?.body_len.min(PEEK);
        if let Some(peek) = self.peek.get_mut(..wanted) {
            let taken = fill(peek, self.peek_len, chunk);
            self.peek_len += taken;
            self.body_left -= taken;
        }
        if self.peek_len < wanted {
            return None;
        }
        self.unseen.take()
    }
}

impl<const PEEK: usize> Default for Scanner<PEEK> {
    /// Creates a scanner that accepts every length the protocol allows.
    fn default() -> Self {
        Self::with_maximum(MAX_BODY)
    }
}

/// Moves bytes from the front of `chunk` to `target` after its first `filled` bytes. Returns the number of bytes moved.
fn fill(target: &mut [u8], filled: usize, chunk: &mut &[u8]) -> usize {
    let free = target.get_mut(filled..).unwrap_or_default();
    let moved = free.len().min(chunk.len());
    if let (Some(free), Some((head, tail))) = (free.get_mut(..moved), chunk.split_at_checked(moved))
    {
        free.copy_from_slice(head);
        *chunk = tail;
    }
    moved
}

#[cfg(test)]
mod tests {
    use super::*;

    const STREAM: &[u8] = b"1\0\0\0\x042\0\0\0\x04D\0\0\0\x0aabcdefZ\0\0\0\x05I";

    #[test]
    fn finds_messages_byte_by_byte() {
        let mut scanner = Scanner::<1>::default();
        let mut found = Vec::new();
        for byte in STREAM.chunks(1) {
            scanner
                .feed_peeking(byte, |header, peek| found.push((header.tag, peek.to_vec())))
                .unwrap();
        }
        let wanted = [
            (b'1', vec![]),
            (b'2', vec![]),
            (b'D', b"a".to_vec()),
            (b'Z', b"I".to_vec()),
        ];
        assert_eq!(found, wanted);
        assert!(scanner.is_at_boundary());
    }

    #[test]
    fn knows_whether_it_is_at_a_message_boundary() {
        let mut scanner: Scanner = Scanner::default();
        assert!(scanner.is_at_boundary());
        for (chunk, at_boundary) in [
            (&b"Z"[..], false),
            (b"\0\0\0\x05", false),
            (b"I", true),
            (b"1\0\0\0\x04", true),
        ] {
            scanner.feed(chunk, |_| ()).unwrap();
            assert_eq!(scanner.is_at_boundary(), at_boundary, "after {chunk:?}");
        }
    }

    #[test]
    fn leaves_the_bytes_after_a_message_in_the_chunk() {
        let mut scanner = Scanner::<1>::default();
        let mut rest = STREAM;
        while let Some(header) = scanner.scan(&mut rest).unwrap() {
            if header.tag == b'D' {
                assert_eq!(rest, b"bcdefZ\0\0\0\x05I");
                assert_eq!(scanner.body_left(), 5);
            }
        }
        assert_eq!(scanner.peeked(), b"I");
    }

    #[test]
    fn rejects_bodies_that_exceed_the_maximum() {
        let mut scanner: Scanner = Scanner::with_maximum(5);
        let mut seen = 0;
        let error = scanner.feed(STREAM, |_| seen += 1).unwrap_err();
        let too_long = FrameError::TooLong {
            tag: b'D',
            body_len: 6,
            maximum: 5,
        };
        assert_eq!((seen, error), (2, too_long));
        assert_eq!(scanner.feed(b"Z\0\0\0\x05I", |_| ()), Err(too_long));
        assert!(!scanner.is_at_boundary());
    }

    #[test]
    fn accepts_a_row_of_a_gigabyte() {
        const GIGABYTE: usize = 1 << 30;
        let mut scanner: Scanner = Scanner::default();
        scanner.feed(b"D\x40\0\0\x04", |_| ()).unwrap();
        let chunk = vec![0; 1 << 20];
        for _ in 0..GIGABYTE / chunk.len() {
            assert!(!scanner.is_at_boundary());
            scanner
                .feed(&chunk, |_| panic!("no message begins here"))
                .unwrap();
        }
        assert!(scanner.is_at_boundary());
    }
}
