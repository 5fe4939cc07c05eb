//! Patterns with `*` (any run of characters, also none) and `?` (one character).
//!
//! The pattern is cut at each `*` when it is compiled. The first and the last piece are anchored,
//! those between are searched for from left to right and never searched for again: taking the
//! leftmost place for a piece leaves the most text to the others. So there is no backtracking, and
//! a match is linear in the text for a given pattern.

mod mask;

use mask::Mask;

/// A compiled pattern.
#[derive(Clone, Debug)]
pub(crate) struct Glob(Shape);

/// A pattern with `*` and `?`, as IAM matches the names of actions.
#[derive(Clone, Debug)]
pub struct TextPattern(Glob);

impl TextPattern {
    /// Compiles a pattern.
    pub fn new(pattern: &str) -> Self {
        Self(Glob::new(pattern))
    }

    /// Whether the whole text matches; upper and lower case differ.
    pub fn matches(&self, text: &str) -> bool {
        self.0.matches(text)
    }
}

/// One character of a pattern; one that a policy variable brings in is never a wildcard.
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

/// What stands between two `*`.
#[derive(Clone, Debug)]
enum Piece {
    Literal(Box<str>),
    /// With at least one `?`.
    Masked(Mask),
}

impl Token {
    /// What a character of a pattern means.
    pub(crate) fn of_pattern(char: char) -> Self {
        match char {
            '*' => Self::Star,
            '?' => Self::Any,
            _ => Self::Char(char),
        }
    }
}

impl Glob {
    pub(crate) fn new(pattern: &str) -> Self {
        Self::of(&pattern.chars().map(Token::of_pattern).collect::<Vec<_>>())
    }

    pub(crate) fn of(tokens: &[Token]) -> Self {
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

    /// Whether it matches any of these texts, each of which ends one that came before.
    ///
    /// The first that starts like the pattern leaves the most text to what follows, so no other
    /// needs to be tried.
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
            Self::Literal(literal) => **literal == *text,
            Self::Masked(_) => self.strip_from_start(text) == Some(""),
        }
    }

    /// What follows the piece, if the text starts with it.
    fn strip_from_start<'t>(&self, text: &'t str) -> Option<&'t str> {
        match self {
            Self::Literal(literal) => text.strip_prefix(&**literal),
            Self::Masked(mask) => mask.strip_from_start(text),
        }
    }

    /// What follows the first place where the piece occurs.
    fn skip_past<'t>(&self, text: &'t str) -> Option<&'t str> {
        match self {
            Self::Literal(literal) => text.split_once(&**literal).map(|(_, rest)| rest),
            Self::Masked(mask) => mask.skip_past(text),
        }
    }

    fn ends(&self, text: &str) -> bool {
        match self {
            Self::Literal(literal) => text.ends_with(&**literal),
            Self::Masked(mask) => mask.ends(text),
        }
    }
}

#[cfg(test)]
mod tests {
    use std::time::{Duration, Instant};

    use proptest::prelude::*;

    use super::*;

    /// The textbook definition; exponential, so for short texts only.
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
    fn a_star_may_stand_for_nothing_and_for_slashes() {
        for text in ["a/b", "a//b", "a/1/2/b"] {
            assert!(Glob::new("a/*b").matches(text), "{text}");
        }
    }

    #[test]
    fn head_and_tail_may_not_share_characters() {
        assert!(!Glob::new("aba*ba").matches("aba"));
        assert!(!Glob::new("a?*?a").matches("aba"));
        assert!(Glob::new("aba*ba").matches("ababa"));
    }

    #[test]
    fn a_question_mark_is_one_character_also_a_long_one() {
        assert!(Glob::new("caf?").matches("café"));
        assert!(Glob::new("*?x?").matches("éxé"));
        assert!(!Glob::new("?").matches(""));
        assert!(!Glob::new("?").matches("ab"));
    }

    #[test]
    fn signs_of_other_pattern_languages_are_literal() {
        assert!(Glob::new("a.[b]+(c)\\{d}^$").matches("a.[b]+(c)\\{d}^$"));
        assert!(!Glob::new("a.c").matches("abc"));
    }

    #[test]
    fn a_pattern_made_to_backtrack_costs_nothing() {
        let text = "a".repeat(20_000);
        let started = Instant::now();
        for pattern in [
            "*a".repeat(2_000) + "b",
            "*a?".repeat(500) + "b",
            "a*".repeat(2_000) + "b",
        ] {
            assert!(!Glob::new(&pattern).matches(&text));
        }
        assert!(
            started.elapsed() < Duration::from_secs(5),
            "{:?}",
            started.elapsed()
        );
    }

    #[test]
    fn of_several_ends_of_a_text_any_may_match() {
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
