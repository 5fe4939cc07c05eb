//! The readings of a path.

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
    pub(super) fn of(path: &str) -> Self {
        let mut readings = vec![normal(path)];
        let mut text = path.to_owned();
        for _ in 0..ROUNDS {
            let decoded = percent_decode_str(&text).decode_utf8_lossy().into_owned();
            if decoded == text {
                break;
            }
            let reading = normal(&decoded);
            if !readings.contains(&reading) {
                readings.push(reading);
            }
            text = decoded;
        }
        Self(readings)
    }

    pub(super) fn any(&self, is: impl Fn(&str) -> bool) -> bool {
        self.0.iter().any(|reading| is(reading))
    }

    pub(super) fn all(&self, is: impl Fn(&str) -> bool) -> bool {
        self.0.iter().all(|reading| is(reading))
    }
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
        Readings::of(path).0
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
}
