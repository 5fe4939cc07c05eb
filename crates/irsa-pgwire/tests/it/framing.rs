//! The scanner finds the same messages regardless of how a stream is split.

use irsa_pgwire::frame::{FrameError, HEADER, Header, Scanner};
use proptest::collection::vec;
use proptest::prelude::*;
use proptest::sample::Index;

const PEEK: usize = 3;
const MAXIMUM: usize = 48;

type Sightings = Vec<(Header, Vec<u8>)>;

/// Returns the messages that a scanner finds in `chunks`, its result, and whether it ends between messages.
fn scan<'a>(
    chunks: impl IntoIterator<Item = &'a [u8]>,
) -> (Sightings, Result<(), FrameError>, bool) {
    let mut scanner = Scanner::<PEEK>::with_maximum(MAXIMUM);
    let mut sightings = Vec::new();
    let outcome = chunks.into_iter().try_for_each(|chunk| {
        scanner.feed_peeking(chunk, |header, peek| {
            sightings.push((header, peek.to_vec()));
        })
    });
    (sightings, outcome, scanner.is_at_boundary())
}

fn split<'a>(stream: &'a [u8], cuts: &[Index]) -> Vec<&'a [u8]> {
    let mut cuts: Vec<_> = cuts.iter().map(|cut| cut.index(stream.len() + 1)).collect();
    cuts.extend([0, stream.len()]);
    cuts.sort_unstable();
    cuts.windows(2).map(|cut| &stream[cut[0]..cut[1]]).collect()
}

fn encode(messages: &[(u8, Vec<u8>)]) -> Vec<u8> {
    let mut stream = Vec::new();
    for (tag, body) in messages {
        let length = u32::try_from(body.len() + 4).unwrap();
        stream.push(*tag);
        stream.extend(length.to_be_bytes());
        stream.extend(body);
    }
    stream
}

fn messages() -> impl Strategy<Value = Vec<(u8, Vec<u8>)>> {
    vec((any::<u8>(), vec(any::<u8>(), 0..=MAXIMUM)), 0..12)
}

/// Whole messages, followed by bytes that may form invalid or excessive lengths.
fn malformed_stream() -> impl Strategy<Value = Vec<u8>> {
    let junk = vec(prop_oneof![Just(0), 0..6_u8, any::<u8>()], 0..20);
    (messages(), junk).prop_map(|(messages, junk)| [encode(&messages), junk].concat())
}

proptest! {
    #[test]
    fn finds_each_message_with_its_first_bytes(
        messages in messages(),
        cuts in vec(any::<Index>(), 0..30),
    ) {
        let stream = encode(&messages);
        let wanted: Sightings = messages
            .into_iter()
            .map(|(tag, mut body)| {
                let header = Header { tag, body_len: body.len() };
                body.truncate(PEEK);
                (header, body)
            })
            .collect();
        prop_assert_eq!(scan(split(&stream, &cuts)), (wanted, Ok(()), true));
    }

    #[test]
    fn finds_the_same_messages_in_a_malformed_stream(
        stream in malformed_stream(),
        cuts in vec(any::<Index>(), 0..30),
    ) {
        let at_once = scan([stream.as_slice()]);
        prop_assert_eq!(scan(split(&stream, &cuts)), at_once.clone());
        prop_assert_eq!(scan(stream.chunks(1)), at_once);
    }

    #[test]
    fn is_at_a_boundary_exactly_where_a_message_ends(messages in messages()) {
        let stream = encode(&messages);
        let mut ends = vec![0];
        for (_, body) in &messages {
            ends.push(ends.last().unwrap() + HEADER + body.len());
        }
        for end in 0..=stream.len() {
            let (_, _, at_boundary) = scan([&stream[..end]]);
            prop_assert_eq!(at_boundary, ends.contains(&end), "after {} bytes", end);
        }
    }

    #[test]
    fn agrees_with_a_reader_that_buffers_everything(stream in malformed_stream()) {
        let mut rest = stream.as_slice();
        let mut headers = Vec::new();
        while let Ok(Some(header)) = Header::parse(rest) {
            if header.body_len > MAXIMUM || rest.len() < HEADER + header.body_len.min(PEEK) {
                break;
            }
            headers.push(header);
            rest = rest.get(HEADER + header.body_len..).unwrap_or_default();
        }
        let (sightings, _, _) = scan([stream.as_slice()]);
        let seen: Vec<_> = sightings.into_iter().map(|(header, _)| header).collect();
        prop_assert_eq!(seen, headers);
    }
}
