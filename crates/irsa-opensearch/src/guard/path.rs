//! The segments of a path as OpenSearch routes it, and the ways in which other servers may decode it.

use std::borrow::Cow;

use percent_encoding::percent_decode_str;

/// The maximum number of times that a path is decoded: `%25252F` needs three.
const ROUNDS: usize = 4;

/// All readings of a path: its segments after each round of decoding, with duplicate slashes merged and dot segments
/// removed (RFC 3986, section 5.2.4).
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Readings(Vec<String>);

// === impl Readings ===

impl Readings {
    pub(super) fn new(path: &str) -> Self {
        let mut readings = vec![normal(path)];
        for decoded in decodings(path) {
            let reading = normal(&decoded);
            if !readings.contains(&reading) {
                readings.push(reading);
            }
        }
        Self(readings)
    }

    pub(super) fn any(&self, is: impl Fn(&str) -> bool) -> bool {
        self.0.iter().any(|reading| is(reading))
    }

    /// Returns the readings after at least one round of decoding.
    pub(super) fn decoded(&self) -> &[String] {
        self.0
            .get(1..)
            .filter(|rest| !rest.is_empty())
            .unwrap_or(&self.0)
    }
}

/// Returns the segments of a path as OpenSearch's router sees them: not decoded, and without trailing empty ones.
///
/// Returns `None` for a path that servers interpret differently: one with an empty segment, which OpenSearch takes for
/// an index without a name and others skip, or with a dot segment in any encoding.
pub(super) fn segments(path: &str) -> Option<Vec<&str>> {
    let path = path.strip_prefix('/').unwrap_or(path).trim_end_matches('/');
    if path.is_empty() {
        return Some(Vec::new());
    }
    let segments: Vec<_> = path.split('/').collect();
    let is_plain = !segments.contains(&"")
        && !has_dots(path)
        && !decodings(path).iter().any(|decoded| has_dots(decoded));
    is_plain.then_some(segments)
}

/// Decodes a segment until it no longer changes.
pub(super) fn decoded(segment: &str) -> Cow<'_, str> {
    let last = decodings(segment).pop();
    last.map_or(Cow::Borrowed(segment), Cow::Owned)
}

/// Returns the text after each round of decoding that changes it.
fn decodings(text: &str) -> Vec<String> {
    let mut decodings: Vec<String> = Vec::new();
    while decodings.len() < ROUNDS {
        let last = decodings.last().map_or(text, String::as_str);
        if !last.contains('%') {
            break;
        }
        let decoded = percent_decode_str(last).decode_utf8_lossy().into_owned();
        if decoded == last {
            break;
        }
        decodings.push(decoded);
    }
    decodings
}

fn has_dots(path: &str) -> bool {
    path.split('/').any(|segment| matches!(segment, "." | ".."))
}

fn normal(path: &str) -> String {
    let mut segments: Vec<&str> = Vec::new();
    for segment in path.split('/') {
        match segment {
            "" | "." => {}
            ".." => drop(segments.pop()),
            other => segments.push(other),
        }
    }
    format!("/{}", segments.join("/"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn readings(path: &str) -> Vec<String> {
        Readings::new(path).0
    }

    #[test]
    fn a_simple_path_has_one_reading() {
        assert_eq!(readings("/orders/_search"), ["/orders/_search"]);
        assert_eq!(readings("/"), ["/"]);
        assert_eq!(readings(""), ["/"]);
    }

    #[test]
    fn duplicate_slashes_and_dot_segments_are_removed() {
        assert_eq!(readings("//a/.//b/../c/"), ["/a/c"]);
        assert_eq!(readings("/../../a"), ["/a"]);
    }

    #[test]
    fn each_decoding_adds_a_reading() {
        assert_eq!(readings("/a%252Fb"), ["/a%252Fb", "/a%2Fb", "/a/b"]);
        assert_eq!(readings("/x/%2e%2e/a"), ["/x/%2e%2e/a", "/a"]);
    }

    #[test]
    fn routed_segments_are_not_decoded() {
        assert_eq!(
            segments("/orders/_doc/a%2Fb/").unwrap(),
            ["orders", "_doc", "a%2Fb"]
        );
        assert_eq!(segments("/").unwrap(), [""; 0]);
        assert_eq!(decoded("a%252Fb"), "a/b");
    }

    #[test]
    fn an_ambiguous_path_has_no_segments() {
        for path in [
            "//a",
            "/a//b",
            "/a/./b",
            "/a/../b",
            "/a/%2e%2E/b",
            "/a%2f..%2fb",
            "/a/%252e/b",
        ] {
            assert_eq!(segments(path), None, "{path}");
        }
    }
}
