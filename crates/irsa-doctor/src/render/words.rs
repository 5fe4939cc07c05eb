//! Words of strangers, made harmless and laid out.

use irsa_chain::untrusted::replacement;

/// So many characters of a text are shown.
const MAX_TEXT: usize = 4_000;

/// Text on one line, with nothing in it that a terminal would obey, and not longer than a page.
pub(super) fn printable(text: &str) -> String {
    let mut shown: String = text.chars().take(MAX_TEXT).map(replacement).collect();
    if text.chars().nth(MAX_TEXT).is_some() {
        shown.push('…');
    }
    shown
}

/// The text in lines of at most `width` characters, where its words allow.
pub(super) fn wrap(text: &str, width: usize) -> Vec<String> {
    let mut lines = vec![String::new()];
    let mut used = 0;
    for word in words(text) {
        let length = word.chars().count();
        match lines.last_mut() {
            Some(line) if used > 0 && used + 1 + length <= width => {
                line.push(' ');
                line.push_str(word);
                used += 1 + length;
            }
            Some(line) if used == 0 => {
                line.push_str(word);
                used = length;
            }
            _ => {
                lines.push(word.to_owned());
                used = length;
            }
        }
    }
    lines
}

/// What stands in backticks is one word, so that a command can be copied whole.
fn words(text: &str) -> impl Iterator<Item = &str> {
    let mut is_code = false;
    let ends = move |char: char| {
        is_code ^= char == '`';
        char == ' ' && !is_code
    };
    text.split(ends).filter(|word| !word.is_empty())
}

/// The beginning of a text that is longer than `width`, with dots after it.
pub(super) fn cut(text: &str, width: usize) -> String {
    if text.chars().count() <= width {
        return text.to_owned();
    }
    let begin: String = text.chars().take(width.saturating_sub(1)).collect();
    format!("{}…", begin.trim_end())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_command_is_never_broken_by_wrapping() {
        let lines = wrap("run `kubectl get pods -o yaml` and read what it says", 12);
        assert_eq!(
            lines,
            [
                "run",
                "`kubectl get pods -o yaml`",
                "and read",
                "what it says"
            ]
        );
    }

    #[test]
    fn a_lone_backtick_loses_nothing() {
        assert_eq!(wrap("a ` b c", 3), ["a", "` b c"]);
        assert_eq!(wrap("", 10), [""]);
    }

    #[test]
    fn nothing_that_acts_is_left() {
        let shown = printable("a\u{1b}[31m\r\nb\u{202e}c\u{9b}d\u{200b}e\u{feff}\u{ffff}\u{85}");
        assert!(
            !shown.chars().any(irsa_chain::untrusted::is_deceptive),
            "{shown:?}"
        );
        assert!(shown.starts_with("a\u{fffd}[31m  b\u{fffd}c"), "{shown:?}");
    }

    #[test]
    fn a_novel_is_cut() {
        let shown = printable(&"é".repeat(1_000_000));
        assert_eq!(shown.chars().count(), MAX_TEXT + 1);
        assert_eq!(cut("abcdef", 4), "abc…");
        assert_eq!(cut("abcd", 4), "abcd");
    }
}
