//! Suggestions for misspelled names.

use strsim::damerau_levenshtein;

/// The maximum number of edits between a name and its suggestion.
const MOST_EDITS: usize = 3;

/// Returns the candidate that is closest to `word`, with at most one edit for every four letters.
pub fn nearest<'a>(word: &str, candidates: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    let most = (word.chars().count() / 4).clamp(1, MOST_EDITS);
    let distances = candidates
        .into_iter()
        .map(|candidate| (damerau_levenshtein(word, candidate), candidate));
    let (edits, candidate) = distances.min_by_key(|(edits, _)| *edits)?;
    (edits <= most).then_some(candidate)
}

#[cfg(test)]
mod tests {
    use super::*;

    const NAMES: [&str; 3] = ["region", "login-timeout", "role"];

    #[test]
    fn suggests_the_closest_name() {
        assert_eq!(nearest("regoin", NAMES), Some("region"));
        assert_eq!(nearest("logintimeout", NAMES), Some("login-timeout"));
    }

    #[test]
    fn suggests_nothing_for_a_different_name() {
        assert_eq!(nearest("colour", NAMES), None);
        assert_eq!(nearest("x", NAMES), None);
        assert_eq!(nearest("region", []), None);
    }
}
