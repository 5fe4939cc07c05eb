//! Snippets of a file with a mark, as compilers draw them.
//!
//! The crate `annotate-snippets` has its own rules for control and bidirectional characters. This implementation shows
//! them like all other output of irsa.

use std::fmt::Write;
use std::iter;
use std::ops::Range;

use anstyle::{AnsiColor, Style};
use irsa_chain::untrusted::replacement;
use irsa_policy::Position;

/// The maximum number of lines shown. Of a longer span, half of them are from its start and half from its end.
const MAX_LINES: usize = 24;

/// The maximum number of characters shown of a line.
const MAX_COLUMNS: usize = 120;

/// The number of characters shown before the mark in a longer line.
const BEFORE: usize = 30;

const GUTTER: Style = AnsiColor::Blue.on_default().bold();

/// Draws the lines of `text` that `span` is in, with a mark and a label under it.
pub fn draw(file: &str, text: &str, span: Range<usize>, label: &str) -> String {
    let style = AnsiColor::Red.on_default().bold();
    let mark = Mark {
        file,
        text,
        span,
        label,
        style,
    };
    mark.draw()
}

/// A span to mark, and its label.
#[derive(Debug, Clone)]
pub(crate) struct Mark<'a> {
    pub(crate) file: &'a str,
    pub(crate) text: &'a str,
    pub(crate) span: Range<usize>,
    pub(crate) label: &'a str,
    pub(crate) style: Style,
}

/// Replaces control characters, so that the text stays on one line and cannot control a terminal.
pub(crate) fn printable(text: &str) -> String {
    text.chars().map(replacement).collect()
}

/// A line of the file, without control characters.
struct Line {
    number: usize,
    chars: Vec<char>,
}

// === impl Mark ===

impl Mark<'_> {
    /// Draws the snippet with its location above it.
    pub(crate) fn draw(&self) -> String {
        let (first, last) = (self.position(self.span.start), self.last());
        let lines = self.text.split('\n').zip(1..).skip(first.line - 1);
        let lines: Vec<_> = lines
            .take(last.line - first.line + 1)
            .map(|(text, number)| Line::new(text, number))
            .collect();
        let width = last.line.to_string().len();
        let pad = " ".repeat(width);
        let mut drawn = format!(
            "{pad}{GUTTER}-->{GUTTER:#} {}:{first}\n{pad} {GUTTER}|{GUTTER:#}\n",
            printable(self.file)
        );
        match lines.as_slice() {
            [line] => self.draw_line(&mut drawn, line, &first, width),
            lines => self.draw_lines(&mut drawn, lines, width),
        }
        drawn
    }

    fn draw_line(&self, drawn: &mut String, line: &Line, first: &Position, width: usize) {
        let start = first.column - 1;
        let length = self
            .text
            .get(self.span.clone())
            .map_or(1, |text| text.chars().count())
            .max(1);
        let cut = if line.chars.len() > MAX_COLUMNS {
            start.saturating_sub(BEFORE)
        } else {
            0
        };
        let shown = line.shown(cut);
        let dots = usize::from(cut > 0);
        let carets = length.min((cut + MAX_COLUMNS).saturating_sub(start)).max(1);
        let (indent, carets) = (" ".repeat(start - cut + dots), "^".repeat(carets));
        let (style, label) = (self.style, self.label());
        let _ = writeln!(drawn, "{GUTTER}{:>width$} |{GUTTER:#} {shown}", line.number);
        let _ = writeln!(
            drawn,
            "{} {GUTTER}|{GUTTER:#} {indent}{style}{carets}{label}{style:#}",
            " ".repeat(width)
        );
    }

    /// Draws several lines with a bracket at the left and the label at its end.
    fn draw_lines(&self, drawn: &mut String, lines: &[Line], width: usize) {
        let (style, label) = (self.style, self.label());
        let half = MAX_LINES / 2;
        let hidden = lines.len().saturating_sub(MAX_LINES);
        for (index, line) in lines.iter().enumerate() {
            if hidden > 0 && (half..half + hidden).contains(&index) {
                if index == half {
                    let _ = writeln!(
                        drawn,
                        "{GUTTER}{:>width$} |{GUTTER:#} {style}|{style:#} …",
                        "…"
                    );
                }
                continue;
            }
            let bracket = if index == 0 { '/' } else { '|' };
            let shown = line.shown(0);
            let _ = writeln!(
                drawn,
                "{GUTTER}{:>width$} |{GUTTER:#} {style}{bracket}{style:#} {shown}",
                line.number
            );
        }
        let end = self.last().column.min(MAX_COLUMNS);
        let line = "_".repeat(end);
        let _ = writeln!(
            drawn,
            "{} {GUTTER}|{GUTTER:#} {style}|{line}^{label}{style:#}",
            " ".repeat(width)
        );
    }

    fn label(&self) -> String {
        match self.label {
            "" => String::new(),
            label => format!(" {label}"),
        }
    }

    fn position(&self, at: usize) -> Position {
        Position::from_offset(self.text, at)
    }

    /// The position of the last character.
    fn last(&self) -> Position {
        let marked = self.text.get(self.span.clone()).unwrap_or_default();
        let last = marked.chars().next_back().map_or(0, char::len_utf8);
        self.position(self.span.end.max(self.span.start) - last)
    }
}

// === impl Line ===

impl Line {
    fn new(text: &str, number: usize) -> Self {
        Self {
            number,
            chars: text
                .trim_end_matches('\r')
                .chars()
                .map(replacement)
                .collect(),
        }
    }

    /// The characters from `cut` on, with an ellipsis where characters are left out.
    fn shown(&self, cut: usize) -> String {
        let before = (cut > 0).then_some('…');
        let after = (self.chars.len() > cut + MAX_COLUMNS).then_some('…');
        let chars = self.chars.iter().copied().skip(cut).take(MAX_COLUMNS);
        iter::empty()
            .chain(before)
            .chain(chars)
            .chain(after)
            .collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn draw(text: &str, marked: &str) -> String {
        let start = text.find(marked).unwrap();
        let mark = Mark {
            file: "p.json",
            text,
            span: start..start + marked.len(),
            label: "here",
            style: Style::new(),
        };
        anstream::adapter::strip_str(&mark.draw()).to_string()
    }

    #[test]
    fn one_line_has_carets_under_it() {
        assert_eq!(
            draw("{\n\t\"é\": \"bad\"\n}", "\"bad\""),
            " --> p.json:2:7\n  |\n2 |  \"é\": \"bad\"\n  |       ^^^^^ here\n"
        );
    }

    #[test]
    fn several_lines_have_a_bracket() {
        assert_eq!(
            draw("[\r\n {\r\n  1\r\n }\r\n]", "{\r\n  1\r\n }"),
            " --> p.json:2:2\n  |\n2 | /  {\n3 | |   1\n4 | |  }\n  | |__^ here\n"
        );
    }

    #[test]
    fn the_middle_of_many_lines_is_left_out() {
        let text = "x\n".repeat(1_000) + "y";
        let drawn = draw(&text, &text);
        assert_eq!(drawn.lines().count(), 2 + MAX_LINES + 1 + 1, "{drawn}");
        assert!(drawn.contains("1001 | | y"), "{drawn}");
    }

    #[test]
    fn a_long_line_is_truncated_around_the_mark() {
        let text = "x".repeat(5_000) + "MARK" + &"y".repeat(5_000);
        let drawn = draw(&text, "MARK");
        let lines: Vec<Vec<char>> = drawn.lines().map(|line| line.chars().collect()).collect();
        let at = lines[2].iter().position(|char| *char == 'M').unwrap();
        assert_eq!(lines[3][at..at + 5], ['^', '^', '^', '^', ' ']);
        assert!(lines[2].len() < 140);
    }

    #[test]
    fn control_characters_of_a_file_are_replaced() {
        let drawn = draw("a \u{1b}[31m MARK\u{7}", "MARK");
        assert!(!drawn.contains(['\u{1b}', '\u{7}']), "{drawn:?}");
    }

    #[test]
    fn an_empty_span_at_the_end_is_marked() {
        let mark = Mark {
            file: "p",
            text: "{",
            span: 1..1,
            label: "here",
            style: Style::new(),
        };
        let drawn = anstream::adapter::strip_str(&mark.draw()).to_string();
        assert!(drawn.ends_with("1 | {\n  |  ^ here\n"), "{drawn}");
        let empty = Mark {
            text: "",
            span: 0..0,
            ..mark
        };
        assert!(empty.draw().contains('^'));
    }
}
