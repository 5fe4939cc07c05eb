//! Patterns with `*` (any number of characters, including zero) and `?` (one character).
//!
//! Compilation splits the pattern at each `*`. The first and last pieces are anchored. The pieces between are searched
//! from left to right, each once: the leftmost occurrence of a piece leaves the most text for the following ones.
//! Matching therefore needs no backtracking and is linear in the length of the text for a given pattern.

mod mask;

use crate::steps;
use mask::Mask;

/// A compiled pattern.
#[derive(Clone, Debug)]
pub(crate) struct Glob(Shape);

/// A pattern with `*` and `?`, as IAM uses them for action names.
#[derive(Clone, Debug)]
pub struct TextPattern(Glob);

impl TextPattern {
    /// Compiles a pattern.
    pub fn new(pattern: &str) -> Self {
        Self(Glob::new(pattern))
    }

    /// Returns whether the whole text matches, case-sensitively.
    pub fn matches(&self, text: &str) -> bool {
        self.0.matches(text)
    }
}

/// One element of a pattern. A character of a policy variable's value is never a wildcard.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Token {
    Star,
    Any,
    Char(char),
}

#[derive(Clone, Debug)]
enum Shape {
    Whole(Piece),
    Starred {
        head: Piece,
        middle: Box<[Piece]>,
        tail: Piece,
    },
}

/// The part of a pattern between two `*`.
#[derive(Clone, Debug)]
enum Piece {
    Literal(Box<str>),
    /// A piece with at least one `?`.
    Masked(Mask),
}

impl Token {
    /// The meaning of a character in a pattern.
    pub(crate) fn from_pattern(char: char) -> Self {
        match char {
            '*' => Self::Star,
            '?' => Self::Any,
            _ => Self::Char(char),
        }
    }
}

impl Glob {
    pub(crate) fn new(pattern: &str) -> Self {
        Self::from_tokens(&pattern.chars().map(Token::from_pattern).collect::<Vec<_>>())
    }

    pub(crate) fn from_tokens(tokens: &[Token]) -> Self {
        let mut pieces = tokens.split(|token| *token == Token::Star);
        let head = Piece::new(pieces.next().unwrap_or_default());
        let Some(tail) = pieces.next_back() else {
            return Self(Shape::Whole(head));
        };
        let middle = pieces.filter(|piece| !piece.is_empty()).map(Piece::new);
        Self(Shape::Starred {
            head,
            middle: middle.collect(),
            tail: Piece::new(tail),
        })
    }

    pub(crate) fn matches(&self, text: &str) -> bool {
        self.matches_any([text].into_iter())
    }

    /// Returns whether the pattern matches any of these texts, each of which is a suffix of the one before.
    ///
    /// The first text that starts with the head leaves the most text for the other pieces, so no other text needs to be
    /// tried.
    pub(crate) fn matches_any<'t>(&self, mut texts: impl Iterator<Item = &'t str>) -> bool {
        match &self.0 {
            Shape::Whole(piece) => texts.any(|text| piece.is(text)),
            Shape::Starred { head, middle, tail } => texts
                .find_map(|text| head.strip_from_start(text))
                .and_then(|rest| {
                    let mut middle = middle.iter();
                    middle.try_fold(rest, |rest, piece| piece.skip_past(rest))
                })
                .is_some_and(|rest| tail.ends(rest)),
        }
    }
}

impl Piece {
    fn new(tokens: &[Token]) -> Self {
        let char = |token: &Token| match token {
            Token::Char(char) => Some(*char),
            Token::Star | Token::Any => None,
        };
        match tokens.iter().map(char).collect::<Option<String>>() {
            Some(literal) => Self::Literal(literal.into()),
            None => Self::Masked(Mask::new(tokens.iter().map(char).collect())),
        }
    }

    fn is(&self, text: &str) -> bool {
        match self {
            Self::Literal(literal) => {
                steps::add(literal.len());
                **literal == *text
            }
            Self::Masked(_) => self.strip_from_start(text) == Some(""),
        }
    }

    /// Returns the rest of the text after the piece, if the text starts with it.
    fn strip_from_start<'t>(&self, text: &'t str) -> Option<&'t str> {
        match self {
            Self::Literal(literal) => {
                steps::add(literal.len());
                text.strip_prefix(&**literal)
            }
            Self::Masked(mask) => mask.strip_from_start(text),
        }
    }

    /// Returns the rest of the text after the first occurrence of the piece.
    fn skip_past<'t>(&self, text: &'t str) -> Option<&'t str> {
        match self {
            Self::Literal(literal) => {
                let rest = text.split_once(&**literal).map(|(_, rest)| rest);
                // The standard library's search is linear.
                steps::add(literal.len() + text.len() - rest.map_or(0, str::len));
                rest
            }
            Self::Masked(mask) => mask.skip_past(text),
        }
    }

    fn ends(&self, text: &str) -> bool {
        match self {
            Self::Literal(literal) => {
                steps::add(literal.len());
                text.ends_with(&**literal)
            }
            Self::Masked(mask) => mask.ends(text),
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// The textbook definition, whose exponential cost limits it to short texts.
    fn reference(pattern: &[char], text: &[char]) -> bool {
        match (pattern.split_first(), text.split_first()) {
            (None, _) => text.is_empty(),
            (Some(('*', rest)), Some((_, shorter))) => {
                reference(rest, text) || reference(pattern, shorter)
            }
            (Some(('*', rest)), None) => reference(rest, text),
            (Some((wanted, rest)), Some((char, shorter))) => {
                (*wanted == '?' || wanted == char) && reference(rest, shorter)
            }
            (Some(_), None) => false,
        }
    }

    #[test]
    fn a_pattern_is_anchored_at_both_ends() {
        let glob = Glob::new("system:serviceaccount:shop:api");
        assert!(glob.matches("system:serviceaccount:shop:api"));
        assert!(!glob.matches("system:serviceaccount:shop:api-evil"));
        assert!(!glob.matches("xsystem:serviceaccount:shop:api"));
        assert!(!Glob::new("api*").matches("my-api"));
        assert!(!Glob::new("*api").matches("api-evil"));
    }

    #[test]
    fn a_star_matches_the_empty_text_and_slashes() {
        for text in ["a/b", "a//b", "a/1/2/b"] {
            assert!(Glob::new("a/*b").matches(text), "{text}");
        }
    }

    #[test]
    fn head_and_tail_do_not_overlap() {
        assert!(!Glob::new("aba*ba").matches("aba"));
        assert!(!Glob::new("a?*?a").matches("aba"));
        assert!(Glob::new("aba*ba").matches("ababa"));
    }

    #[test]
    fn a_question_mark_matches_one_character_of_any_length_in_bytes() {
        assert!(Glob::new("caf?").matches("café"));
        assert!(Glob::new("*?x?").matches("éxé"));
        assert!(!Glob::new("?").matches(""));
        assert!(!Glob::new("?").matches("ab"));
    }

    #[test]
    fn metacharacters_of_other_pattern_languages_are_literal() {
        assert!(Glob::new("a.[b]+(c)\\{d}^$").matches("a.[b]+(c)\\{d}^$"));
        assert!(!Glob::new("a.c").matches("abc"));
    }

    #[test]
    fn any_of_several_suffixes_may_match() {
        let ends = || ["a:b:c", "b:c", "c"].into_iter();
        for pattern in ["c", "b:?", "b*", "*c", "?:c"] {
            assert!(Glob::new(pattern).matches_any(ends()), "{pattern}");
        }
        assert!(!Glob::new("b").matches_any(ends()));
    }

    proptest! {
        #[test]
        fn agrees_with_the_textbook(pattern in "[ab:*?é]{0,8}", text in "[ab:é]{0,10}") {
            let expected = reference(
                &pattern.chars().collect::<Vec<_>>(),
                &text.chars().collect::<Vec<_>>(),
            );
            prop_assert_eq!(Glob::new(&pattern).matches(&text), expected, "`{}` on `{}`", pattern, text);
        }
    }
}
