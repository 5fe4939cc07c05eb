//! The decompressed beginning of a response body.
//!
//! OpenSearch compresses its responses, including errors, if the client accepts gzip, and most clients do. The client
//! still receives the compressed response.

use std::borrow::Cow;
use std::io::Read;

use flate2::read::GzDecoder;
use http::HeaderMap;
use http::header::CONTENT_ENCODING;

use crate::headers::single;

/// The maximum size of the decompressed data, in bytes.
const MOST: u64 = 64 * 1024;

/// Decompresses the beginning of a body, as far as possible.
pub(crate) fn decoded<'a>(headers: &HeaderMap, begun: &'a [u8]) -> Cow<'a, [u8]> {
    let coding = single(headers, &CONTENT_ENCODING).and_then(|coding| coding.to_str().ok());
    let is_gzip = |coding: &str| ["gzip", "x-gzip"].contains(&coding.trim());
    if !coding.is_some_and(|coding| is_gzip(&coding.to_ascii_lowercase())) {
        return Cow::Borrowed(begun);
    }
    let mut unpacked = Vec::new();
    // Data before an error is used, because the rest may not have been received yet.
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

    fn decompressed(headers: &HeaderMap, begun: &[u8]) -> Vec<u8> {
        decoded(headers, begun).into_owned()
    }

    #[test]
    fn decompresses_gzip() {
        let packed = zipped(b"{}");
        assert_eq!(decompressed(&coded("gzip"), &packed), b"{}");
        assert_eq!(decompressed(&coded("X-GZIP"), &packed), b"{}");
        assert_eq!(decompressed(&HeaderMap::new(), b"{}"), b"{}");
        assert_eq!(decompressed(&coded("br"), &packed), packed);
    }

    #[test]
    fn truncated_or_corrupt_data_is_decompressed_as_far_as_possible() {
        let text: Vec<u8> = (0..40_000_u32).flat_map(u32::to_be_bytes).collect();
        let packed = zipped(&text);
        let half = decompressed(&coded("gzip"), &packed[..packed.len() / 2]);
        assert!(!half.is_empty() && text.starts_with(&half));
        assert_eq!(decompressed(&coded("gzip"), b"no gzip"), b"");
    }

    #[test]
    fn decompressed_data_is_limited() {
        let packed = zipped(&vec![b' '; 10_000_000]);
        assert!(packed.len() < 16 * 1024);
        assert_eq!(decompressed(&coded("gzip"), &packed).len() as u64, MOST);
    }
}
