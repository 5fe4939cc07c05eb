//! Pieces of a pattern that contain `?`.

use std::collections::HashMap;

use crate::steps;

/// For pieces with fewer characters, trying each position in turn is faster.
const SHORT: usize = 32;

/// The maximum number of words for the bit masks of a piece.
const MAX_WORDS: usize = 1 << 20;

/// The characters of a piece; `None` is a `?`.
#[derive(Clone, Debug)]
pub(super) struct Mask {
    chars: Box<[Option<char>]>,
    bits: Option<Bits>,
}

/// The positions in the piece at which each character can occur, as bit masks.
#[derive(Clone, Debug)]
struct Bits {
    by_char: HashMap<char, Box<[u64]>>,
    /// The mask of characters that match only a `?`.
    others: Box<[u64]>,
}

impl Mask {
    pub(super) fn new(chars: Box<[Option<char>]>) -> Self {
        let bits = (chars.len() >= SHORT).then(|| Bits::new(&chars)).flatten();
        Self { chars, bits }
    }

    /// Returns the rest of the text after the piece, if the text starts with it.
    pub(super) fn strip_from_start<'t>(&self, text: &'t str) -> Option<&'t str> {
        let mut chars = text.chars();
        fits(self.chars.iter(), &mut chars).then_some(chars.as_str())
    }

    pub(super) fn ends(&self, text: &str) -> bool {
        fits(self.chars.iter().rev(), &mut text.chars().rev())
    }

    /// Returns the rest of the text after the first occurrence of the piece.
    pub(super) fn skip_past<'t>(&self, text: &'t str) -> Option<&'t str> {
        match &self.bits {
            Some(bits) => bits.skip_past(self.chars.len(), text),
            None => text
                .char_indices()
                .take_while(|(start, _)| text.len() - start >= self.chars.len())
                .find_map(|(start, _)| self.strip_from_start(text.get(start..)?)),
        }
    }
}

impl Bits {
    /// Returns `None` if the piece has so many different characters that the masks would take too much memory.
    fn new(chars: &[Option<char>]) -> Option<Self> {
        let words = chars.len().div_ceil(64);
        let mut bits = Self {
            by_char: HashMap::new(),
            others: vec![0; words].into(),
        };
        for char in chars.iter().flatten() {
            bits.by_char
                .entry(*char)
                .or_insert_with(|| vec![0; words].into());
            if bits.by_char.len() * words > MAX_WORDS {
                return None;
            }
        }
        for (place, wanted) in chars.iter().enumerate() {
            let rows = bits.by_char.iter_mut();
            let fitting = rows.filter(|(char, _)| wanted.is_none_or(|wanted| wanted == **char));
            fitting.for_each(|(_, row)| set(row, place));
            if wanted.is_none() {
                set(&mut bits.others, place);
            }
        }
        Some(bits)
    }

    /// Tracks, one bit each, the prefixes of the piece that end at the current character (the Shift-And algorithm of
    /// Baeza-Yates and Gonnet), 64 positions at a time.
    fn skip_past<'t>(&self, length: usize, text: &'t str) -> Option<&'t str> {
        let mut begun = vec![0_u64; self.others.len()];
        let last = 1 << ((length - 1) % 64);
        for (start, char) in text.char_indices() {
            steps::add(begun.len());
            let allowed = self.by_char.get(&char).unwrap_or(&self.others);
            let mut carry = 1;
            for (word, allowed) in begun.iter_mut().zip(allowed) {
                let next = (*word << 1 | carry) & allowed;
                carry = *word >> 63;
                *word = next;
            }
            if begun.last().is_some_and(|word| word & last != 0) {
                return text.get(start + char.len_utf8()..);
            }
        }
        None
    }
}

fn set(row: &mut [u64], place: usize) {
    if let Some(word) = row.get_mut(place / 64) {
        *word |= 1 << (place % 64);
    }
}

fn fits<'m>(
    mut mask: impl Iterator<Item = &'m Option<char>>,
    chars: &mut impl Iterator<Item = char>,
) -> bool {
    mask.all(|wanted| {
        steps::add(1);
        chars
            .next()
            .is_some_and(|char| wanted.is_none_or(|wanted| wanted == char))
    })
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn mask(pattern: &str) -> Mask {
        Mask::new(
            pattern
                .chars()
                .map(|char| (char != '?').then_some(char))
                .collect(),
        )
    }

    #[test]
    fn long_pieces_are_found_with_bit_masks() {
        for length in [SHORT, 63, 64, 65, 200] {
            let mask = mask(&format!("{}b", "a?".repeat(length / 2)));
            assert!(mask.bits.is_some());
            let text = "a".repeat(1_000);
            assert_eq!(mask.skip_past(&text), None, "{length}");
            let text = text + "bé";
            assert_eq!(mask.skip_past(&text), Some("é"), "{length}");
        }
    }

    proptest! {
        #[test]
        fn bit_masks_find_the_same_as_trying_each_position(piece in "[abé?]{1,70}", text in "[abé]{0,200}") {
            let chars: Box<[_]> = piece.chars().map(|char| (char != '?').then_some(char)).collect();
            let bits = Bits::new(&chars);
            let one_by_one = Mask { chars, bits: None };
            let length = one_by_one.chars.len();
            prop_assert_eq!(bits.unwrap().skip_past(length, &text), one_by_one.skip_past(&text));
        }

        #[test]
        fn a_piece_of_the_text_is_found(text in "[abé]{40,200}", hidden in prop::collection::vec(any::<prop::sample::Index>(), 1..80), at in 0..8_usize) {
            let mut piece: Vec<Option<char>> = text.chars().skip(at).take(33).map(Some).collect();
            for place in hidden {
                *place.get_mut(&mut piece) = None;
            }
            let length = piece.len();
            let rest = Mask::new(piece.into()).skip_past(&text).map(|rest| rest.chars().count());
            prop_assert!(rest >= Some(text.chars().count() - at - length));
        }
    }
}
