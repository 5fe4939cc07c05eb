//! Sanitizes, wraps and truncates text.

use irsa_chain::untrusted::replacement;

/// The maximum number of characters shown of a text.
const MAX_TEXT: usize = 4_000;

/// The text on one line, without control characters that a terminal would obey, truncated to [`MAX_TEXT`].
pub(super) fn printable(text: &str) -> String {
    let mut shown: String = text.chars().take(MAX_TEXT).map(replacement).collect();
    if text.chars().nth(MAX_TEXT).is_some() {
        shown.push('…');
    }
    shown
}

/// Wraps the text into lines of at most `width` characters, if its words allow it.
///
/// The crate `textwrap` would break commands in backticks at their spaces, so this is a separate implementation.
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

/// The words of a text. Text in backticks is one word, so that a command can be copied.
fn words(text: &str) -> impl Iterator<Item = &str> {
    let mut is_code = false;
    let ends = move |char: char| {
        is_code ^= char == '`';
        char == ' ' && !is_code
    };
    text.split(ends).filter(|word| !word.is_empty())
}

/// Truncates a text to `width` characters, with an ellipsis at the end.
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
    fn control_characters_are_replaced() {
        let shown = printable("a\u{1b}[31m\r\nb\u{202e}c\u{9b}d\u{200b}e\u{feff}\u{ffff}\u{85}");
        assert!(
            !shown.chars().any(irsa_chain::untrusted::is_deceptive),
            "{shown:?}"
        );
        assert!(shown.starts_with("a\u{fffd}[31m  b\u{fffd}c"), "{shown:?}");
    }

    #[test]
    fn long_text_is_truncated() {
        let shown = printable(&"é".repeat(1_000_000));
        assert_eq!(shown.chars().count(), MAX_TEXT + 1);
        assert_eq!(cut("abcdef", 4), "abc…");
        assert_eq!(cut("abcd", 4), "abcd");
    }
}
