//! Path patterns.

use std::fmt;
use std::str::FromStr;

/// A path pattern, in which `*` matches any characters including slashes, and all other characters match themselves.
///
/// A path is matched without its query and without trailing slashes: `/orders-*` allows `/orders-1`, `/orders-1/` and
/// `/orders-1/_doc/7`, but not `/orders`. A `*` in a request is matched only by a `*`, so that no request reaches more
/// than the pattern.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PathPattern(String);

/// Error for a text that is not a valid [`PathPattern`].
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error(
    "`{0}` is not a path pattern: it must begin with `/` or `*` and must not contain `?`, `#` or a space"
)]
pub struct PathPatternError(String);

// === impl PathPattern ===

impl PathPattern {
    pub(super) fn matches(&self, path: &str) -> bool {
        let mut parts = self.0.split('*');
        let first = parts.next().unwrap_or_default();
        let Some(mut rest) = path.strip_prefix(first) else {
            return false;
        };
        let Some(last) = parts.next_back() else {
            return rest.is_empty();
        };
        for part in parts {
            match rest.find(part) {
                Some(at) => rest = rest.get(at + part.len()..).unwrap_or_default(),
                None => return false,
            }
        }
        rest.ends_with(last)
    }

    /// Returns whether the pattern contains these segments literally, in this order. Without segments, returns whether
    /// the pattern has no `*`.
    pub(super) fn names(&self, segments: &[String]) -> bool {
        if segments.is_empty() {
            return !self.0.contains('*');
        }
        let mut rest = self.0.as_str();
        segments.iter().all(|segment| {
            let after = after_segment(rest, segment);
            rest = after.unwrap_or_default();
            after.is_some()
        })
    }

    pub(super) fn spells(&self, sign: char) -> bool {
        self.0.contains(sign)
    }
}

/// Returns the text after a segment, from the slash on.
fn after_segment<'a>(text: &'a str, segment: &str) -> Option<&'a str> {
    let with_slash = format!("/{segment}");
    let mut found = text.match_indices(&with_slash);
    found.find_map(|(at, _)| {
        let rest = text.get(at + with_slash.len()..)?;
        (rest.is_empty() || rest.starts_with(['/', '*'])).then_some(rest)
    })
}

impl FromStr for PathPattern {
    type Err = PathPatternError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let is_pattern = text.starts_with(['/', '*']) && !text.contains(['?', '#', ' ']);
        if !is_pattern {
            return Err(PathPatternError(text.to_owned()));
        }
        let trimmed = text.trim_end_matches('/');
        Ok(Self(
            if trimmed.is_empty() { "/" } else { trimmed }.to_owned(),
        ))
    }
}

impl fmt::Display for PathPattern {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn matches(pattern: &str, path: &str) -> bool {
        pattern.parse::<PathPattern>().unwrap().matches(path)
    }

    #[test]
    fn a_star_matches_anything() {
        assert!(matches("/orders-*", "/orders-1/_doc/7"));
        assert!(matches("/*/_search", "/orders/_search"));
        assert!(matches("*", "/"));
        assert!(matches("/a*b*c", "/abbc"));
        assert!(!matches("/orders-*", "/orders"));
        assert!(!matches("/*/_search", "/orders/_search/scroll"));
        assert!(!matches("/ab*ba", "/aba"));
    }

    #[test]
    fn without_a_star_the_whole_path_must_match() {
        assert!(matches("/_bulk/", "/_bulk"));
        assert!(matches("/", "/"));
        assert!(!matches("/_bulk", "/_bulk/x"));
        assert!(!matches("/_bulk", "/x/_bulk"));
    }

    #[test]
    fn a_wildcard_in_a_request_matches_only_a_wildcard_in_the_pattern() {
        assert!(matches("/orders-*", "/orders-*"));
        assert!(matches("/orders-*", "/orders-1*"));
        for wider in ["/orders*", "/o*", "/*", "/orders?1"] {
            assert!(!matches("/orders-*", wider), "{wider}");
        }
    }

    #[test]
    fn contains_whole_segments_in_order() {
        let names = |pattern: &str, segments: &[&str]| {
            let segments: Vec<_> = segments.iter().map(|&segment| segment.to_owned()).collect();
            pattern.parse::<PathPattern>().unwrap().names(&segments)
        };
        assert!(names("/_bulk", &["_bulk"]));
        assert!(names("/orders-*/_bulk", &["_bulk"]));
        assert!(names("/_bulk*", &["_bulk"]));
        assert!(names("/_plugins/_sql", &["_plugins", "_sql"]));
        assert!(names("/orders-1", &[]));
        for (pattern, segments) in [
            ("/orders-*", &["_bulk"][..]),
            ("/*", &["_bulk"]),
            ("/_bulky", &["_bulk"]),
            ("/a_bulk", &["_bulk"]),
            ("/_plugins/*", &["_plugins", "_sql"]),
            ("/_sql/_plugins", &["_plugins", "_sql"]),
            ("/orders-*", &[]),
        ] {
            assert!(!names(pattern, segments), "{pattern} {segments:?}");
        }
    }

    #[test]
    fn rejects_patterns_that_match_no_path() {
        for text in ["", "orders", "?q", "/a b", "/a?b"] {
            let error = text.parse::<PathPattern>().unwrap_err();
            assert!(error.to_string().starts_with(&format!("`{text}` ")));
        }
    }
}
