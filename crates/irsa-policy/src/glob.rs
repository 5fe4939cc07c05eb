//! Patterns with `*` (any run of characters, also none) and `?` (one character).
//!
//! The pattern is cut at each `*` when it is compiled. The first and the last piece are anchored,
//! those between are searched for from left to right and never searched for again: taking the
//! leftmost place for a piece leaves the most text to the others. So there is no backtracking, and
//! a match is linear in the text for a given pattern.

/// A compiled pattern.
#[derive(Clone, Debug)]
pub(crate) struct Glob(Shape);

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
    /// With at least one `?`, which is `None` here.
    Masked(Box<[Option<char>]>),
}

impl Glob {
    pub(crate) fn new(pattern: &str) -> Self {
        let Some((head, rest)) = pattern.split_once('*') else {
            return Self(Shape::Whole(Piece::new(pattern)));
        };
        let (middle, tail) = rest.rsplit_once('*').unwrap_or(("", rest));
        let middle = middle.split('*').filter(|piece| !piece.is_empty());
        Self(Shape::Starred {
            head: Piece::new(head),
            middle: middle.map(Piece::new).collect(),
            tail: Piece::new(tail),
        })
    }

    pub(crate) fn matches(&self, text: &str) -> bool {
        match &self.0 {
            Shape::Whole(piece) => piece.strip_from_start(text) == Some(""),
            Shape::Starred { head, middle, tail } => head
                .strip_from_start(text)
                .and_then(|rest| {
                    middle
                        .iter()
                        .try_fold(rest, |rest, piece| piece.skip_past(rest))
                })
                .is_some_and(|rest| tail.ends(rest)),
        }
    }
}

impl Piece {
    fn new(piece: &str) -> Self {
        if piece.contains('?') {
            Self::Masked(
                piece
                    .chars()
                    .map(|char| (char != '?').then_some(char))
                    .collect(),
            )
        } else {
            Self::Literal(piece.into())
        }
    }

    /// What follows the piece, if the text starts with it.
    fn strip_from_start<'t>(&self, text: &'t str) -> Option<&'t str> {
        match self {
            Self::Literal(literal) => text.strip_prefix(&**literal),
            Self::Masked(mask) => {
                let mut chars = text.chars();
                fits(mask.iter(), &mut chars).then_some(chars.as_str())
            }
        }
    }

    /// What follows the first place where the piece occurs.
    fn skip_past<'t>(&self, text: &'t str) -> Option<&'t str> {
        match self {
            Self::Literal(literal) => text.split_once(&**literal).map(|(_, rest)| rest),
            Self::Masked(_) => text
                .char_indices()
                .find_map(|(start, _)| self.strip_from_start(text.get(start..)?)),
        }
    }

    fn ends(&self, text: &str) -> bool {
        match self {
            Self::Literal(literal) => text.ends_with(&**literal),
            Self::Masked(mask) => fits(mask.iter().rev(), &mut text.chars().rev()),
        }
    }
}

fn fits<'m>(
    mut mask: impl Iterator<Item = &'m Option<char>>,
    chars: &mut impl Iterator<Item = char>,
) -> bool {
    mask.all(|wanted| {
        chars
            .next()
            .is_some_and(|char| wanted.is_none_or(|wanted| wanted == char))
    })
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
