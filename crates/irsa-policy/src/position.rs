//! Positions in a text.

use std::fmt;

/// A line and column in a text, as editors count them.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Position {
    /// The line, from 1.
    pub line: usize,
    /// The column in characters, from 1.
    pub column: usize,
}

impl Position {
    /// The position of the byte offset `at` in `text`; an offset past the end gives the position of the end.
    pub fn from_offset(text: &str, at: usize) -> Self {
        let before = text.get(..at).unwrap_or(text);
        let line = before.rsplit('\n').next().unwrap_or_default();
        Self {
            line: before.bytes().filter(|&byte| byte == b'\n').count() + 1,
            column: line.chars().count() + 1,
        }
    }
}

impl fmt::Display for Position {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}", self.line, self.column)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn columns_are_characters_and_both_count_from_one() {
        let text = "é\nab";
        for (at, expected) in [(0, "1:1"), (2, "1:2"), (3, "2:1"), (4, "2:2"), (99, "2:3")] {
            assert_eq!(Position::from_offset(text, at).to_string(), expected);
        }
    }
}
