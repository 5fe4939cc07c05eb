//! Patterns of paths.

use std::fmt;
use std::str::FromStr;

/// A pattern of paths: `*` stands for any characters, slashes too, and everything else for itself.
///
/// A path is matched without its query and without slashes at its end: `/orders-*` lets
/// `/orders-1`, `/orders-1/` and `/orders-1/_doc/7` through, but not `/orders`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PathPattern(String);

/// A text that is no [`PathPattern`].
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error(
    "`{0}` is no pattern of paths: expected one that begins with `/` or `*` and has no `?`, `#` or space"
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
    fn a_star_stands_for_anything() {
        assert!(matches("/orders-*", "/orders-1/_doc/7"));
        assert!(matches("/*/_search", "/orders/_search"));
        assert!(matches("*", "/"));
        assert!(matches("/a*b*c", "/abbc"));
        assert!(!matches("/orders-*", "/orders"));
        assert!(!matches("/*/_search", "/orders/_search/scroll"));
        assert!(!matches("/ab*ba", "/aba"));
    }

    #[test]
    fn without_a_star_the_whole_path_is_meant() {
        assert!(matches("/_bulk/", "/_bulk"));
        assert!(matches("/", "/"));
        assert!(!matches("/_bulk", "/_bulk/x"));
        assert!(!matches("/_bulk", "/x/_bulk"));
    }

    #[test]
    fn rejects_what_no_path_begins_with() {
        for text in ["", "orders", "?q", "/a b", "/a?b"] {
            let error = text.parse::<PathPattern>().unwrap_err();
            assert!(error.to_string().starts_with(&format!("`{text}` ")));
        }
    }
}
