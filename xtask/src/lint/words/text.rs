//! Splitting a text into words, across the lines of a comment or of a string.

/// Marks a line that quotes text from outside the project.
const QUOTED: &str = "lint: quoted";
/// What a line of a comment, a quotation or a table starts with; a sentence continues after it.
const MARKERS: [&str; 6] = ["//!", "///", "//", "#", ">", "|"];

/// A word of a text.
#[derive(Debug)]
pub(super) struct Word {
    pub(super) text: String,
    pub(super) line: usize,
    /// Only space or a line break separates it from the word before.
    pub(super) follows: bool,
    pub(super) quoted: bool,
}

/// The words of a text, without the markers of comments.
pub(super) fn words(text: &str) -> Vec<Word> {
    let mut words = Vec::new();
    let mut follows = false;
    for (index, line) in text.lines().enumerate() {
        let quoted = line.contains(QUOTED);
        let line = without_marker(line).trim_end_matches('\\').trim();
        follows &= !line.is_empty();
        let mut rest = line;
        while let Some(start) = rest.find(is_in_word) {
            let (between, from_word) = rest.split_at(start);
            let end = from_word
                .find(|c| !is_in_word(c))
                .unwrap_or(from_word.len());
            let (word, after) = from_word.split_at(end);
            follows &= between.trim().is_empty();
            if !is_literal(between, after) {
                words.push(Word {
                    text: word.replace('’', "'").to_lowercase(),
                    line: index + 1,
                    follows,
                    quoted,
                });
                follows = true;
            }
            rest = after;
        }
        follows &= rest.trim().is_empty();
    }
    words
}

/// Returns whether a word alone is in backticks or quotation marks, as names in code are.
fn is_literal(before: &str, after: &str) -> bool {
    ['`', '"']
        .iter()
        .any(|mark| before.ends_with(*mark) && after.starts_with(*mark))
}

fn is_in_word(c: char) -> bool {
    c.is_alphanumeric() || matches!(c, '_' | '\'' | '’' | '-')
}

fn without_marker(line: &str) -> &str {
    let line = line.trim_start();
    let marker = MARKERS.iter().find_map(|marker| line.strip_prefix(marker));
    marker.unwrap_or(line)
}
