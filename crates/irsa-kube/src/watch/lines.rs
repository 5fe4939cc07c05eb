//! The lines of a watch.

use bytes::{Buf as _, Bytes};
use http_body_util::BodyExt as _;
use kube_client::client::Body;

use crate::ReadErrorKind;
use crate::response_error::shown;

/// The maximum size of a line. Objects in etcd have at most 1.5 MiB.
pub(super) const MAX_LINE: usize = 4 << 20;

/// The lines of a response body.
pub(super) struct Lines {
    body: Body,
    chunk: Bytes,
    splitter: LineSplitter,
}

/// The beginning of a line whose end has not arrived.
pub(super) struct LineSplitter {
    begun: Vec<u8>,
    limit: usize,
}

// === impl Lines ===

impl Lines {
    pub(super) fn new(body: Body) -> Self {
        Self {
            body,
            chunk: Bytes::new(),
            splitter: LineSplitter::new(MAX_LINE),
        }
    }

    /// The next line without its end; `None` after the last one. An incomplete last line is dropped, because the watch
    /// continues with the event that it belongs to.
    pub(super) async fn next(&mut self) -> Result<Option<Vec<u8>>, ReadErrorKind> {
        loop {
            if let Some(line) = self.splitter.take_line(&mut self.chunk)? {
                return Ok(Some(line));
            }
            let Some(frame) = self.body.frame().await else {
                return Ok(None);
            };
            let frame = frame.map_err(|error| {
                let text = shown(&error.to_string());
                ReadErrorKind::Unreachable(format!("the connection failed: {text}"))
            })?;
            // Trailers are not data.
            self.chunk = frame.into_data().unwrap_or_default();
        }
    }
}

// === impl LineSplitter ===

impl LineSplitter {
    pub(super) fn new(limit: usize) -> Self {
        Self {
            begun: Vec::new(),
            limit,
        }
    }

    /// Takes bytes from the chunk until a line is complete; `None` if the chunk ends before.
    pub(super) fn take_line(
        &mut self,
        chunk: &mut Bytes,
    ) -> Result<Option<Vec<u8>>, ReadErrorKind> {
        let end = chunk.iter().position(|byte| *byte == b'\n');
        let part = end.unwrap_or(chunk.len());
        if self.begun.len() + part > self.limit {
            return Err(ReadErrorKind::TooLarge(self.limit));
        }
        self.begun.extend_from_slice(&chunk[..part]);
        chunk.advance(part);
        if end.is_none() {
            return Ok(None);
        }
        chunk.advance(1);
        Ok(Some(std::mem::take(&mut self.begun)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn lines(chunks: &[&[u8]], limit: usize) -> Result<Vec<Vec<u8>>, ReadErrorKind> {
        let mut splitter = LineSplitter::new(limit);
        let mut lines = Vec::new();
        for chunk in chunks {
            let mut chunk = Bytes::copy_from_slice(chunk);
            while let Some(line) = splitter.take_line(&mut chunk)? {
                lines.push(line);
            }
        }
        Ok(lines)
    }

    #[test]
    fn lines_do_not_depend_on_the_chunks() {
        let text = b"one\n\ntwo two\nthe end is missing";
        let whole = lines(&[text], 100).unwrap();
        assert_eq!(whole, [&b"one"[..], b"", b"two two"]);
        for first in 0..text.len() {
            for second in first..text.len() {
                let chunks = [&text[..first], &text[first..second], &text[second..]];
                assert_eq!(lines(&chunks, 100).unwrap(), whole, "{first} {second}");
            }
        }
    }

    #[test]
    fn a_line_over_the_limit_is_an_error_before_it_is_complete() {
        let text = b"12345\n1234567";
        assert_eq!(lines(&[text], 7).unwrap().len(), 1);
        assert_eq!(lines(&[text], 6), Err(ReadErrorKind::TooLarge(6)));
        let bytes: Vec<&[u8]> = text.chunks(1).collect();
        assert_eq!(lines(&bytes, 6), Err(ReadErrorKind::TooLarge(6)));
    }
}
