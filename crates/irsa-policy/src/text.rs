//! User input in messages: in backticks, on one line, with bounded length.

use std::fmt;

use irsa_chain::untrusted::{self, Quoted};

/// The maximum number of characters shown of one value.
const MAX_CHARS: usize = 256;

/// The maximum number of values shown of a list.
const MAX_VALUES: usize = 5;

/// Formats a value in backticks, on one line, and truncates it if it is long.
pub(crate) fn quoted(text: &str) -> Quoted<'_> {
    untrusted::quoted(text).longest(MAX_CHARS)
}

/// Formats a list as `` `a`, `b` or `c` ``.
pub(crate) fn any_of(values: &[String]) -> Listed<'_> {
    Listed {
        values,
        last: " or ",
    }
}

/// Formats a list as `` `a`, `b` and `c` ``.
pub(crate) fn all_of(values: &[String]) -> Listed<'_> {
    Listed {
        values,
        last: " and ",
    }
}

pub(crate) struct Listed<'a> {
    values: &'a [String],
    last: &'static str,
}

impl fmt::Display for Listed<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let shown = self.values.iter().take(MAX_VALUES);
        let hidden = self.values.len() - shown.len();
        if self.values.is_empty() {
            return f.write_str("nothing");
        }
        let end = shown.len();
        for (place, value) in (1..).zip(shown) {
            match place {
                1 => {}
                _ if place == end && hidden == 0 => f.write_str(self.last)?,
                _ => f.write_str(", ")?,
            }
            write!(f, "{}", quoted(value))?;
        }
        match hidden {
            0 => Ok(()),
            _ => write!(f, "{}{hidden} more", self.last),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn strings(values: &[&str]) -> Vec<String> {
        values.iter().map(ToString::to_string).collect()
    }

    #[test]
    fn a_list_reads_as_a_sentence() {
        assert_eq!(any_of(&strings(&["a"])).to_string(), "`a`");
        assert_eq!(any_of(&strings(&["a", "b"])).to_string(), "`a` or `b`");
        assert_eq!(
            all_of(&strings(&["a", "b", "c"])).to_string(),
            "`a`, `b` and `c`"
        );
    }

    #[test]
    fn a_long_list_is_truncated() {
        let values = strings(&["1", "2", "3", "4", "5", "6", "7"]);
        assert_eq!(
            any_of(&values).to_string(),
            "`1`, `2`, `3`, `4`, `5` or 2 more"
        );
    }

    #[test]
    fn a_long_or_multi_line_value_stays_on_one_short_line() {
        assert_eq!(quoted("a\nb").to_string(), r"`a\nb`");
        let shown = quoted(&"x".repeat(10_000)).to_string();
        assert!(
            shown.ends_with("x…`") && shown.chars().count() == MAX_CHARS + 3,
            "{shown}"
        );
    }
}
