//! The canonical form of the request target.

use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, percent_decode, percent_encode};

/// The characters that SigV4 encodes: all except RFC 3986's unreserved characters.
const RESERVED: &AsciiSet = &NON_ALPHANUMERIC
    .remove(b'-')
    .remove(b'.')
    .remove(b'_')
    .remove(b'~');

/// The characters that are encoded in a path.
const RESERVED_IN_PATH: &AsciiSet = &RESERVED.remove(b'/');

/// The canonical form of a request target. It contains no secrets.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CanonicalTarget {
    path: String,
    query: String,
}

impl CanonicalTarget {
    /// Creates the canonical form of a request target in origin form.
    pub fn new(path_and_query: &str) -> Self {
        let (path, query) = path_and_query
            .split_once('?')
            .unwrap_or((path_and_query, ""));
        Self {
            path: canonical_path(path),
            query: canonical_query(query),
        }
    }

    /// Returns the path, in which percent-encoded characters are encoded twice.
    pub fn path(&self) -> &str {
        &self.path
    }

    /// Returns the query, encoded once and sorted, or an empty string.
    pub fn query(&self) -> &str {
        &self.query
    }
}

/// Removes relative and empty segments, and encodes everything else including `%`. All services except S3 expect this
/// ("Create a canonical request for Signature Version 4" in the AWS General Reference).
fn canonical_path(path: &str) -> String {
    let mut segments = Vec::new();
    for segment in path.split('/') {
        match segment {
            "" | "." => {}
            ".." => drop(segments.pop()),
            segment => segments.push(segment),
        }
    }
    let is_folder = matches!(path.rsplit('/').next(), Some("" | "." | ".."));
    let end = if is_folder && !segments.is_empty() {
        "/"
    } else {
        ""
    };
    let path = format!("/{}{end}", segments.join("/"));
    encode(path.as_bytes(), RESERVED_IN_PATH)
}

/// Decodes and encodes each name and value to get a unique form, and sorts them. Empty parameters are removed.
fn canonical_query(query: &str) -> String {
    let pairs = query.split('&').filter(|pair| !pair.is_empty());
    let mut pairs: Vec<_> = pairs
        .map(|pair| {
            let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
            (recode(name), recode(value))
        })
        .collect();
    pairs.sort_unstable();
    let pairs: Vec<_> = pairs
        .into_iter()
        .map(|(name, value)| name + "=" + &value)
        .collect();
    pairs.join("&")
}

/// Decodes percent-encoded characters and encodes the result. A `+` is a space, both for the signature check of Amazon
/// OpenSearch and for OpenSearch itself. A `%` that does not start an encoded character stands for itself.
fn recode(text: &str) -> String {
    let text = text.replace('+', " ");
    let bytes: Vec<u8> = percent_decode(text.as_bytes()).collect();
    encode(&bytes, RESERVED)
}

fn encode(bytes: &[u8], reserved: &'static AsciiSet) -> String {
    percent_encode(bytes, reserved).collect()
}
