//! The appearance of a text report.

use anstyle::{AnsiColor, Effects};

use super::words;
use crate::Verdict;

/// The minimum width of a report.
const MIN_WIDTH: usize = 24;

/// The appearance of a text report.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Style {
    /// Use ANSI colors. A color never carries information that a word or a mark does not.
    pub color: bool,
    /// Use characters other than ASCII.
    pub unicode: bool,
    /// The width in columns.
    pub width: usize,
    /// The treatment of lines that are longer than that.
    pub lines: Lines,
    /// Show all checks, not only problems.
    pub verbose: bool,
}

/// The treatment of lines that are longer than the report is wide.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Lines {
    /// Keep them whole, for a file or a pipe.
    #[default]
    Whole,
    /// Truncate them, so that the report fits on a screen.
    Cut,
}

impl Default for Style {
    /// The style for a file: no colors, UTF-8, 100 columns, whole lines, only problems.
    fn default() -> Self {
        Self {
            color: false,
            unicode: true,
            width: 100,
            lines: Lines::Whole,
            verbose: false,
        }
    }
}

/// Returns whether the environment's locale uses UTF-8. The first of `LC_ALL`, `LC_CTYPE` and `LANG` that is set and not
/// empty decides (POSIX, "Environment Variables"). If none is set, as in most containers, UTF-8 is assumed.
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

    /// The text, truncated to `width` columns if long lines are truncated.
    pub(super) fn cut(&self, text: &str, width: usize) -> String {
        match self.lines {
            Lines::Whole => text.to_owned(),
            Lines::Cut => words::cut(text, width),
        }
    }

    /// An untrusted text, sanitized and in the permitted characters.
    pub(super) fn clean(&self, text: &str) -> String {
        self.encoded(&words::printable(text))
    }

    /// A trusted text in the permitted characters.
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

    /// The first text, or the second if only ASCII is permitted.
    pub(super) fn drawn(&self, unicode: &'static str, ascii: &'static str) -> &'static str {
        if self.unicode { unicode } else { ascii }
    }

    /// The mark of a link or check, one column wide; `None` stands for not checked.
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

    /// The text in the verdict's color.
    pub(super) fn tint(&self, verdict: Option<Verdict>, text: &str) -> String {
        let color = match verdict {
            Some(Verdict::Holds) => AnsiColor::Green.on_default(),
            Some(Verdict::Broken) => AnsiColor::Red.on_default().bold(),
            Some(Verdict::Warning | Verdict::Unsure) => AnsiColor::Yellow.on_default(),
            Some(Verdict::NotApplicable | Verdict::NotReached) | None => {
                anstyle::Style::new().dimmed()
            }
        };
        self.paint(color, text)
    }

    fn paint(&self, paint: anstyle::Style, text: &str) -> String {
        if self.color {
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
    fn the_first_variable_that_is_not_empty_decides() {
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
    fn every_mark_is_one_column_wide_and_distinct() {
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
