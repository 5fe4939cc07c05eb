//! YAML with comments. Values and comments may come from outside.

use std::fmt::Write as _;

use irsa_chain::untrusted::printable;

use crate::shape::secret_in;
use crate::yaml::scalar;

/// The length of a value above which it is left out: names in AWS, PostgreSQL and Kubernetes are shorter.
const MAX_VALUE: usize = 256;
/// The length of a comment.
const MAX_COMMENT: usize = 300;
/// The mark of lines that have to be filled in.
pub(super) const CHANGE: &str = "CHANGE";

/// The lines of a file.
#[derive(Debug, Default)]
pub(super) struct Lines {
    text: String,
}

// === impl Lines ===

impl Lines {
    /// A comment on its own line.
    pub(super) fn comment(&mut self, depth: usize, comment: &str) {
        let indent = "  ".repeat(depth);
        let _ = writeln!(
            self.text,
            "{indent}# {}",
            printable(comment).longest(MAX_COMMENT)
        );
    }

    /// A key of a map that follows.
    pub(super) fn key(&mut self, depth: usize, key: &str, comment: &str) {
        self.line(depth, key, None, comment);
    }

    /// A key with a text.
    pub(super) fn text(&mut self, depth: usize, key: &str, value: &str, comment: &str) {
        match refused(value) {
            Some(why) => self.unknown(depth, key, &format!("{why} ({comment})")),
            None => self.line(depth, key, Some(&scalar(value)), comment),
        }
    }

    /// A key with a value that is neither a text nor from outside.
    pub(super) fn plain(&mut self, depth: usize, key: &str, value: &str, comment: &str) {
        self.line(depth, key, Some(value), comment);
    }

    /// A key whose value has to be filled in. `irsa check` refuses the empty text.
    pub(super) fn unknown(&mut self, depth: usize, key: &str, comment: &str) {
        self.line(depth, key, Some("\"\""), &format!("{CHANGE}: {comment}"));
    }

    /// A value if it is known.
    pub(super) fn value(&mut self, depth: usize, key: &str, value: Option<&str>, comment: &str) {
        match value {
            Some(value) => self.text(depth, key, value, comment),
            None => self.unknown(depth, key, comment),
        }
    }

    pub(super) fn finish(self) -> String {
        self.text
    }

    fn line(&mut self, depth: usize, key: &str, value: Option<&str>, comment: &str) {
        let indent = "  ".repeat(depth);
        let _ = write!(self.text, "{indent}{}:", scalar(key));
        if let Some(value) = value {
            let _ = write!(self.text, " {value}");
        }
        if !comment.is_empty() {
            let _ = write!(self.text, "  # {}", printable(comment).longest(MAX_COMMENT));
        }
        self.text.push('\n');
    }
}

/// The reason why a value does not go into the file.
pub(super) fn refused(value: &str) -> Option<&'static str> {
    if value.len() > MAX_VALUE {
        Some("the value is too long for a name")
    } else if secret_in(value).is_some() {
        Some("the value looks like a secret")
    } else {
        None
    }
}
