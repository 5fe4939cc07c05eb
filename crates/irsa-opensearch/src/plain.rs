//! The beginning of an answer's body in plain text.
//!
//! OpenSearch compresses its answers where the client takes gzip, refusals included, and most clients
//! do. What goes on to the client stays compressed.

use std::borrow::Cow;
use std::io::Read;

use flate2::read::GzDecoder;
use http::HeaderMap;
use http::header::CONTENT_ENCODING;

use crate::headers::single;

/// How much is unpacked at most, in bytes.
const MOST: u64 = 64 * 1024;

/// What a body begins with, as far as it can be told from its first bytes.
pub(crate) fn plain<'a>(headers: &HeaderMap, begun: &'a [u8]) -> Cow<'a, [u8]> {
    let coding = single(headers, &CONTENT_ENCODING).and_then(|coding| coding.to_str().ok());
    let is_gzip = |coding: &str| ["gzip", "x-gzip"].contains(&coding.trim());
    if !coding.is_some_and(|coding| is_gzip(&coding.to_ascii_lowercase())) {
        return Cow::Borrowed(begun);
    }
    let mut unpacked = Vec::new();
    // What was unpacked before an error counts: the rest may not be here yet.
    let _ = GzDecoder::new(begun).take(MOST).read_to_end(&mut unpacked);
    Cow::Owned(unpacked)
}

#[cfg(test)]
mod tests {
    use std::io::Write;

    use flate2::Compression;
    use flate2::write::GzEncoder;
    use http::HeaderValue;

    use super::*;

    fn zipped(text: &[u8]) -> Vec<u8> {
        let mut encoder = GzEncoder::new(Vec::new(), Compression::default());
        encoder.write_all(text).unwrap();
        encoder.finish().unwrap()
    }

    fn coded(coding: &'static str) -> HeaderMap {
        HeaderMap::from_iter([(CONTENT_ENCODING, HeaderValue::from_static(coding))])
    }

    fn told(headers: &HeaderMap, begun: &[u8]) -> Vec<u8> {
        plain(headers, begun).into_owned()
    }

    #[test]
    fn unpacks_what_is_packed() {
        let packed = zipped(b"{}");
        assert_eq!(told(&coded("gzip"), &packed), b"{}");
        assert_eq!(told(&coded("X-GZIP"), &packed), b"{}");
        assert_eq!(told(&HeaderMap::new(), b"{}"), b"{}");
        assert_eq!(told(&coded("br"), &packed), packed);
    }

    #[test]
    fn what_is_cut_off_or_broken_gives_what_it_can() {
        let text: Vec<u8> = (0..40_000_u32).flat_map(u32::to_be_bytes).collect();
        let packed = zipped(&text);
        let half = told(&coded("gzip"), &packed[..packed.len() / 2]);
        assert!(!half.is_empty() && text.starts_with(&half));
        assert_eq!(told(&coded("gzip"), b"no gzip"), b"");
    }

    #[test]
    fn a_little_that_unpacks_to_much_is_cut() {
        let packed = zipped(&vec![b' '; 10_000_000]);
        assert!(packed.len() < 16 * 1024);
        assert_eq!(told(&coded("gzip"), &packed).len() as u64, MOST);
    }
}
