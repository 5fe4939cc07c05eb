//! Message boundaries.

use irsa_pgwire::frame::{FrameError, HEADER, Header, MAX_BODY, Scanner};

/// The number of bytes of each body that the scanner returns.
const PEEK: usize = 4;

/// The messages in a stream, and the final state of the scanner.
#[derive(Debug, Default, PartialEq)]
struct Found {
    messages: Vec<(Header, Vec<u8>)>,
    error: Option<FrameError>,
    is_at_boundary: bool,
}

/// Scans a stream of messages. The scanner finds the same messages for every chunk size as a reader of the whole
/// stream.
pub fn message_header(data: &[u8]) {
    for maximum in [16, MAX_BODY] {
        let wanted = in_one_piece(data, maximum);
        for size in [1, 2, 3, 5, 8, data.len().max(1)] {
            assert_eq!(in_chunks(data, size, maximum), wanted, "chunks of {size}");
        }
    }
}

fn in_chunks(data: &[u8], size: usize, maximum: usize) -> Found {
    let mut scanner = Scanner::<PEEK>::with_maximum(maximum);
    let mut messages = Vec::new();
    let mut fed = data.chunks(size).map(|chunk| {
        scanner.feed_peeking(chunk, |header, peek| messages.push((header, peek.to_vec())))
    });
    let error = fed.find_map(Result::err);
    if let Some(error) = error {
        // All later calls return the same error.
        assert!(fed.all(|result| result == Err(error)));
    }
    drop(fed);
    let is_at_boundary = scanner.is_at_boundary();
    Found {
        messages,
        error,
        is_at_boundary,
    }
}

/// Finds the messages with only [`Header::parse`] and slices.
fn in_one_piece(mut data: &[u8], maximum: usize) -> Found {
    let mut found = Found::default();
    loop {
        let header = match Header::parse(data) {
            Ok(Some(header)) => header.at_most(maximum),
            Ok(None) => break,
            Err(error) => Err(error),
        };
        let header = match header {
            Ok(header) => header,
            Err(error) => {
                found.error = Some(error);
                return found;
            }
        };
        let rest = data.get(HEADER..).unwrap_or_default();
        let body = rest.get(..header.body_len).unwrap_or(rest);
        if body.len() >= header.body_len.min(PEEK) {
            let peek = body.get(..PEEK).unwrap_or(body);
            found.messages.push((header, peek.to_vec()));
        }
        if body.len() < header.body_len {
            return found;
        }
        data = rest.get(header.body_len..).unwrap_or_default();
    }
    found.is_at_boundary = data.is_empty();
    found
}
