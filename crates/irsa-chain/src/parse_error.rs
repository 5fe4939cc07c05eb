//! The error of this crate: a text that cannot be parsed.

use std::borrow::Cow;
use std::fmt;

use crate::untrusted::quoted;

/// The number of characters of the input that an error shows.
const SHOWN: usize = 120;

/// A text that is not a valid value: the expected type, the text, and the expected format.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ParseError {
    noun: &'static str,
    input: String,
    expected: Cow<'static, str>,
}

impl ParseError {
    /// Creates an error. `noun` includes its article: "a region", "an account ID".
    pub(crate) fn new(
        noun: &'static str,
        input: &str,
        expected: impl Into<Cow<'static, str>>,
    ) -> Self {
        Self {
            noun,
            input: quoted(input).longest(SHOWN).to_string(),
            expected: expected.into(),
        }
    }

    /// The expected type with its article: "a role ARN".
    pub fn noun(&self) -> &'static str {
        self.noun
    }

    /// The expected format.
    pub fn expected(&self) -> &str {
        &self.expected
    }
}

impl fmt::Display for ParseError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "{} is not {}: expected {}",
            self.input, self.noun, self.expected
        )
    }
}

impl std::error::Error for ParseError {}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_the_input_and_what_was_expected() {
        let error = ParseError::new("a region", "mars", "a name such as eu-central-1");
        let text = "`mars` is not a region: expected a name such as eu-central-1";
        assert_eq!(error.to_string(), text);
    }

    #[test]
    fn keeps_malicious_input_on_one_line_within_its_backticks() {
        let error = ParseError::new("a region", "a`b\n\u{1b}[31m\u{202e}", "x");
        assert_eq!(
            error.to_string(),
            "`a'b\\n\\u{1b}[31m\\u{202e}` is not a region: expected x"
        );
    }

    #[test]
    fn truncates_long_input() {
        let error = ParseError::new("a region", &"é".repeat(100_000), "x");
        assert_eq!(
            error.to_string().chars().filter(|c| *c == 'é').count(),
            SHOWN
        );
    }
}
