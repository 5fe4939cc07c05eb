//! Remedies of findings: commands that repair them, or advice.

use std::fmt::{self, Display, Formatter};

use serde::{Serialize, Serializer};

/// The remedy of a finding. Contains no secrets.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Remedy {
    /// Commands that repair the finding.
    Commands(Commands),
    /// A text that requires judgment: it says what to check or to decide.
    Advice(String),
}

/// Shell commands that repair a finding, each complete, to run one after the other.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Commands {
    /// The condition to check first; it starts with `if`.
    pub condition: Option<String>,
    /// The commands.
    pub commands: Vec<String>,
    /// A further step, or an alternative.
    pub note: Option<String>,
}

impl Remedy {
    /// `commands` or `advice`, for programs.
    pub const fn kind(&self) -> &'static str {
        match self {
            Self::Commands(_) => "commands",
            Self::Advice(_) => "advice",
        }
    }

    /// The commands; empty for advice.
    pub fn commands(&self) -> &[String] {
        match self {
            Self::Commands(commands) => &commands.commands,
            Self::Advice(_) => &[],
        }
    }
}

impl Commands {
    /// Commands without a condition.
    pub fn new(commands: impl IntoIterator<Item = String>) -> Self {
        Self {
            condition: None,
            commands: commands.into_iter().collect(),
            note: None,
        }
    }

    /// Sets the condition, which starts with `if`.
    #[must_use]
    pub fn on_condition(mut self, condition: impl Into<String>) -> Self {
        self.condition = Some(condition.into());
        self
    }

    /// Sets a further step, or an alternative.
    #[must_use]
    pub fn with_note(mut self, note: impl Into<String>) -> Self {
        self.note = Some(note.into());
        self
    }
}

/// Prints the remedy on one line, with commands in backticks.
impl Display for Remedy {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        let commands = match self {
            Self::Advice(text) => return f.write_str(text),
            Self::Commands(commands) => commands,
        };
        if let Some(condition) = &commands.condition {
            write!(f, "{condition}, ")?;
        }
        f.write_str("run ")?;
        for (index, command) in commands.commands.iter().enumerate() {
            let then = if index == 0 { "" } else { ", then " };
            write!(f, "{then}`{command}`")?;
        }
        match &commands.note {
            Some(note) => write!(f, "; {note}"),
            None => Ok(()),
        }
    }
}

impl From<Commands> for Remedy {
    fn from(commands: Commands) -> Self {
        Self::Commands(commands)
    }
}

impl From<String> for Remedy {
    fn from(advice: String) -> Self {
        Self::Advice(advice)
    }
}

impl From<&str> for Remedy {
    fn from(advice: &str) -> Self {
        Self::Advice(advice.to_owned())
    }
}

/// Serializes the text.
impl Serialize for Remedy {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

/// Quotes a text as one word for a POSIX shell ("Quoting" in the Shell Command Language).
pub(crate) fn shell_word(text: &str) -> String {
    let is_plain = |c: char| c.is_ascii_alphanumeric() || "%+,-./:=@_".contains(c);
    if !text.is_empty() && text.chars().all(is_plain) {
        return text.to_owned();
    }
    format!("'{}'", text.replace('\'', r"'\''"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_word_with_a_special_character_is_quoted() {
        for (text, word) in [
            (
                "arn:aws:iam::111122223333:role/a",
                "arn:aws:iam::111122223333:role/a",
            ),
            ("a b", "'a b'"),
            ("", "''"),
            ("it's", r"'it'\''s'"),
            ("$(rm)", "'$(rm)'"),
            ("*", "'*'"),
        ] {
            assert_eq!(shell_word(text), word);
        }
    }

    #[test]
    fn commands_print_as_one_sentence_in_their_order() {
        let commands = Commands::new(["a b".to_owned(), "c".to_owned()]);
        let remedy = Remedy::from(commands.on_condition("if so").with_note("or d"));
        assert_eq!(remedy.to_string(), "if so, run `a b`, then `c`; or d");
        assert_eq!((remedy.kind(), remedy.commands().len()), ("commands", 2));
        let advice = Remedy::from("look");
        assert_eq!((advice.kind(), advice.commands().len()), ("advice", 0));
    }
}
