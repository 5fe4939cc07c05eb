//! How a text is to look.

use anstyle::{AnsiColor, Effects};

use super::words;
use crate::Verdict;

/// The narrowest that a text is laid out for.
const MIN_WIDTH: usize = 24;

/// How a text is to look.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Style {
    /// Whether ANSI sequences colour it. Everything that a colour says is said by a word or a mark as well.
    pub colour: bool,
    /// Whether it may hold more than ASCII.
    pub unicode: bool,
    /// The columns that it has.
    pub width: usize,
    /// Whether a line that is longer than that is cut.
    pub lines: Lines,
    /// Whether every check is shown, not only what is wrong.
    pub verbose: bool,
}

/// What happens to a line that is longer than the text is wide.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Lines {
    /// It stays whole, for a file or a pipe, in which someone searches.
    #[default]
    Whole,
    /// Its end is left out, so that the report fits on a screen.
    Cut,
}

impl Default for Style {
    /// For a file: no colours, UTF-8, 100 columns, whole lines, what is wrong.
    fn default() -> Self {
        Self {
            colour: false,
            unicode: true,
            width: 100,
            lines: Lines::Whole,
            verbose: false,
        }
    }
}

/// Whether the locale that the environment names writes UTF-8. The first of `LC_ALL`, `LC_CTYPE` and `LANG` that is
/// set and not empty decides (POSIX, "Environment Variables"); where a container has none, UTF-8 is taken for granted.
pub fn is_utf8(variable: impl Fn(&str) -> Option<String>) -> bool {
    let names = ["LC_ALL", "LC_CTYPE", "LANG"];
    let locale = names
        .iter()
        .find_map(|name| variable(name).filter(|value| !value.is_empty()));
    locale.is_none_or(|locale| {
        let locale = locale.to_ascii_lowercase();
        locale.contains("utf-8") || locale.contains("utf8")
    })
}

// === impl Style ===

impl Style {
    pub(super) fn columns(&self) -> usize {
        self.width.max(MIN_WIDTH)
    }

    /// A line of at most `width` columns where lines are cut.
    pub(super) fn cut(&self, text: &str, width: usize) -> String {
        match self.lines {
            Lines::Whole => text.to_owned(),
            Lines::Cut => words::cut(text, width),
        }
    }

    /// A text of a stranger, harmless and in the characters that may be used.
    pub(super) fn clean(&self, text: &str) -> String {
        self.encoded(&words::printable(text))
    }

    /// Our own text in the characters that may be used.
    pub(super) fn encoded(&self, text: &str) -> String {
        if self.unicode || text.is_ascii() {
            return text.to_owned();
        }
        let text = text.replace('…', "...").replace('→', "->");
        let ascii = text
            .chars()
            .map(|char| if char.is_ascii() { char } else { '?' });
        ascii.collect()
    }

    /// One of two ways to draw something.
    pub(super) fn drawn(&self, unicode: &'static str, ascii: &'static str) -> &'static str {
        if self.unicode { unicode } else { ascii }
    }

    /// The mark of a link or check, one column wide; `None` is for what nothing looked at.
    pub(super) fn mark(&self, verdict: Option<Verdict>) -> &'static str {
        match verdict {
            Some(Verdict::Holds) => self.drawn("✓", "+"),
            Some(Verdict::NotApplicable) => self.drawn("–", "-"),
            Some(Verdict::Warning) => "!",
            Some(Verdict::Unsure) => "?",
            Some(Verdict::NotReached) => self.drawn("○", "o"),
            Some(Verdict::Broken) => self.drawn("✗", "x"),
            None => self.drawn("·", "."),
        }
    }

    pub(super) fn bold(&self, text: &str) -> String {
        self.paint(anstyle::Style::new().bold(), text)
    }

    pub(super) fn dim(&self, text: &str) -> String {
        self.paint(anstyle::Style::new() | Effects::DIMMED, text)
    }

    /// The text in the verdict's colour.
    pub(super) fn tint(&self, verdict: Option<Verdict>, text: &str) -> String {
        let colour = match verdict {
            Some(Verdict::Holds) => AnsiColor::Green.on_default(),
            Some(Verdict::Broken) => AnsiColor::Red.on_default().bold(),
            Some(Verdict::Warning | Verdict::Unsure) => AnsiColor::Yellow.on_default(),
            Some(Verdict::NotApplicable | Verdict::NotReached) | None => {
                anstyle::Style::new().dimmed()
            }
        };
        self.paint(colour, text)
    }

    fn paint(&self, paint: anstyle::Style, text: &str) -> String {
        if self.colour {
            format!("{paint}{text}{paint:#}")
        } else {
            text.to_owned()
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn with(pairs: &'static [(&str, &str)]) -> bool {
        is_utf8(|name| {
            let mut pairs = pairs.iter();
            pairs
                .find(|(key, _)| *key == name)
                .map(|(_, value)| (*value).to_owned())
        })
    }

    #[test]
    fn the_first_variable_that_says_something_decides() {
        assert!(with(&[]));
        assert!(with(&[("LANG", "de_DE.UTF-8")]));
        assert!(with(&[
            ("LC_ALL", ""),
            ("LC_CTYPE", "C.utf8"),
            ("LANG", "C")
        ]));
        assert!(!with(&[("LC_ALL", "C"), ("LANG", "en_GB.UTF-8")]));
        assert!(!with(&[("LANG", "de_DE.ISO-8859-1")]));
    }

    #[test]
    fn every_mark_is_one_column_and_says_something_of_its_own() {
        let all = [
            None,
            Some(Verdict::Holds),
            Some(Verdict::NotApplicable),
            Some(Verdict::Warning),
            Some(Verdict::Unsure),
            Some(Verdict::NotReached),
            Some(Verdict::Broken),
        ];
        for unicode in [true, false] {
            let style = Style {
                unicode,
                ..Style::default()
            };
            let marks = all.map(|verdict| style.mark(verdict));
            assert!(
                marks.iter().all(|mark| mark.chars().count() == 1),
                "{marks:?}"
            );
            let distinct: std::collections::BTreeSet<_> = marks.iter().collect();
            assert_eq!(distinct.len(), marks.len(), "{marks:?}");
        }
    }
}
