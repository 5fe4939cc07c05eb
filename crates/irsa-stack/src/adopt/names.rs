//! Keys for the file, from names that may have any form.

use std::collections::BTreeSet;

/// Longest key of a workload: with the name of the setup, it must fit into the name of a role.
pub(super) const WORKLOAD: usize = 36;
/// Longest name of a setup.
pub(super) const SETUP: usize = 24;
/// Longest key of a data store.
pub(super) const STORE: usize = 28;

/// Keys that were given out.
#[derive(Debug, Default)]
pub(super) struct Keys {
    taken: BTreeSet<String>,
}

// === impl Keys ===

impl Keys {
    /// A key that no earlier call returned: `wanted`, or a similar one.
    pub(super) fn give(&mut self, wanted: &str, fallback: &str, longest: usize) -> String {
        let wanted = label(wanted, fallback, longest);
        let mut key = wanted.clone();
        let mut number = 2;
        while !self.taken.insert(key.clone()) {
            let suffix = format!("-{number}");
            let stem = label(&wanted, fallback, longest.saturating_sub(suffix.len()));
            key = stem + &suffix;
            number += 1;
        }
        key
    }
}

/// The text in lower-case letters, digits and single inner hyphens, a letter first.
pub(super) fn label(text: &str, fallback: &str, longest: usize) -> String {
    let mut label = String::new();
    for char in text.chars().take(1_000) {
        let char = char.to_ascii_lowercase();
        if label.len() == longest {
            break;
        }
        if char.is_ascii_lowercase() || (char.is_ascii_digit() && !label.is_empty()) {
            label.push(char);
        } else if !label.is_empty() && !label.ends_with('-') {
            label.push('-');
        }
    }
    let label = label.trim_end_matches('-');
    // Domains have at least three characters.
    if label.is_empty() || (label.len() < 3 && label != text) {
        fallback.to_owned()
    } else {
        label.to_owned()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_are_labels() {
        for (text, expected) in [
            ("zeebe-x", "zeebe-x"),
            ("My_App..X", "my-app-x"),
            ("7-eleven", "eleven"),
            ("7up", "app"),
            ("--", "app"),
            ("", "app"),
            ("ü", "app"),
            ("db", "db"),
            ("abcdefghijkl", "abcdefgh"),
            ("abcdefg-ijkl", "abcdefg"),
        ] {
            assert_eq!(label(text, "app", 8), expected, "{text}");
        }
    }

    #[test]
    fn keys_differ() {
        let mut keys = Keys::default();
        let given: Vec<_> = (0..11).map(|_| keys.give("abcdefgh", "app", 8)).collect();
        assert_eq!(given[..3], ["abcdefgh", "abcdef-2", "abcdef-3"]);
        assert_eq!(given[10], "abcde-11");
    }
}
