//! The canonical form of the request target.

use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, percent_decode, percent_encode};

/// What SigV4 encodes: all but RFC 3986's unreserved characters.
const RESERVED: &AsciiSet = &NON_ALPHANUMERIC
    .remove(b'-')
    .remove(b'.')
    .remove(b'_')
    .remove(b'~');

/// What is encoded in a path.
const RESERVED_IN_PATH: &AsciiSet = &RESERVED.remove(b'/');

/// A request target as it is signed; it holds no secret.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CanonicalTarget {
    path: String,
    query: String,
}

impl CanonicalTarget {
    /// The canonical form of a request target in origin form, as it goes out.
    pub fn new(path_and_query: &str) -> Self {
        let (path, query) = path_and_query
            .split_once('?')
            .unwrap_or((path_and_query, ""));
        Self {
            path: canonical_path(path),
            query: canonical_query(query),
        }
    }

    /// The path, in which everything that was escaped is escaped twice.
    pub fn path(&self) -> &str {
        &self.path
    }

    /// The query, escaped once and sorted; empty if there is none.
    pub fn query(&self) -> &str {
        &self.query
    }
}

/// Relative and empty segments go, and the rest is encoded as it stands, `%` too: so all services
/// but S3 want it ("Create a canonical request for Signature Version 4" in the AWS General
/// Reference).
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

/// Each name and value is decoded and encoded anew, so that there is one form of each; then they
/// are sorted. Parameters that are empty altogether are none.
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

/// Decodes what is escaped and encodes it again. A `+` is a space, to Amazon OpenSearch's signature
/// check as to OpenSearch itself, and a `%` that escapes nothing stands for itself.
fn recode(text: &str) -> String {
    let text = text.replace('+', " ");
    let bytes: Vec<u8> = percent_decode(text.as_bytes()).collect();
    encode(&bytes, RESERVED)
}

fn encode(bytes: &[u8], reserved: &'static AsciiSet) -> String {
    percent_encode(bytes, reserved).collect()
}
