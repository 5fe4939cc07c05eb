//! The segments of a path as OpenSearch routes it, and the other readings of it.

use std::borrow::Cow;

use percent_encoding::percent_decode_str;

/// How often a path is decoded before it is given up: `%25252F` takes three.
const ROUNDS: usize = 4;

/// A path as it may be understood: its segments decoded, and after each further decoding. In each
/// of them slashes that stand together are one, and dot segments are gone (RFC 3986, section
/// 5.2.4).
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

    /// Those that are decoded at least once.
    pub(super) fn decoded(&self) -> &[String] {
        self.0
            .get(1..)
            .filter(|rest| !rest.is_empty())
            .unwrap_or(&self.0)
    }
}

/// Returns the segments of a path as OpenSearch's router sees them: not decoded, and without
/// trailing empty ones.
///
/// `None` for a path that servers read in different ways: with an empty segment elsewhere, which
/// OpenSearch takes for an index without a name and others skip, or with a dot segment, however it
/// is encoded.
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

/// Returns a segment, decoded until nothing changes.
pub(super) fn decoded(segment: &str) -> Cow<'_, str> {
    let last = decodings(segment).pop();
    last.map_or(Cow::Borrowed(segment), Cow::Owned)
}

/// Returns the text after each decoding that changes it.
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
    fn a_plain_path_has_one() {
        assert_eq!(readings("/orders/_search"), ["/orders/_search"]);
        assert_eq!(readings("/"), ["/"]);
        assert_eq!(readings(""), ["/"]);
    }

    #[test]
    fn slashes_and_dots_are_taken_out() {
        assert_eq!(readings("//a/.//b/../c/"), ["/a/c"]);
        assert_eq!(readings("/../../a"), ["/a"]);
    }

    #[test]
    fn each_decoding_is_one_more() {
        assert_eq!(readings("/a%252Fb"), ["/a%252Fb", "/a%2Fb", "/a/b"]);
        assert_eq!(readings("/x/%2e%2e/a"), ["/x/%2e%2e/a", "/a"]);
    }

    #[test]
    fn a_router_sees_segments_that_are_not_decoded() {
        assert_eq!(
            segments("/orders/_doc/a%2Fb/").unwrap(),
            ["orders", "_doc", "a%2Fb"]
        );
        assert_eq!(segments("/").unwrap(), [""; 0]);
        assert_eq!(decoded("a%252Fb"), "a/b");
    }

    #[test]
    fn a_path_that_servers_read_in_different_ways_has_no_segments() {
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
