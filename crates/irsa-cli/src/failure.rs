//! Failures of commands, and the exit codes they end with.

use std::error::Error;
use std::io;
use std::process::ExitCode;

use anstream::{AutoStream, ColorChoice};
use anstyle::{AnsiColor, Style};

use crate::Mistakes;

/// Something failed that is neither the user's input nor the chain.
const FAILED: u8 = 1;
/// The command line, the environment or the settings file is wrong (clap's own code, too).
pub const USAGE: u8 = 2;
/// A link of the identity chain is broken.
pub const CHAIN_BROKEN: u8 = 3;
/// At least one check of the chain could not run, or the result depends on an unknown value.
pub const UNSURE: u8 = 4;

const ERROR: Style = AnsiColor::Red.on_default().bold();
const HINT: Style = AnsiColor::Cyan.on_default();

/// Why a command ends without success.
#[derive(Debug)]
pub enum Failure {
    /// Wrong input, with every mistake in it.
    Usage(Mistakes),
    /// What has an exit code of its own: a broken link of the chain, a command that can't be run.
    Coded {
        /// What failed.
        message: String,
        /// What to do about it.
        remedy: Option<String>,
        /// The exit code.
        code: u8,
    },
    /// Anything else.
    Other {
        /// What failed.
        message: String,
        /// What to do about it.
        remedy: Option<String>,
    },
}

/// Says what went wrong, on standard error, and turns it into the exit code.
pub(crate) fn report(outcome: Result<ExitCode, Failure>) -> ExitCode {
    let failure = match outcome {
        Ok(code) => return code,
        Err(failure) => failure,
    };
    match &failure {
        Failure::Usage(mistakes) => {
            for sentence in mistakes.sentences() {
                error(sentence);
            }
        }
        Failure::Coded {
            message, remedy, ..
        }
        | Failure::Other { message, remedy } => {
            error(message);
            if let Some(remedy) = remedy {
                hint(remedy);
            }
        }
    }
    ExitCode::from(failure.code())
}

/// What an error and its causes say, outermost first; what a message repeats is said once.
fn chain_of(error: &(dyn Error + 'static)) -> String {
    let mut text = error.to_string();
    let mut cause = error.source();
    while let Some(error) = cause {
        let message = error.to_string();
        if !text.contains(&message) {
            text = format!("{text}: {message}");
        }
        cause = error.source();
    }
    text
}

fn error(sentence: &str) {
    print(&format!("{ERROR}error:{ERROR:#} {sentence}"));
}

fn hint(sentence: &str) {
    print(&format!(" {HINT}help:{HINT:#} {sentence}"));
}

/// Prints a line. A process that logs prints by the log's thread: the reader of standard error may
/// have stalled, and the end must not wait for it.
fn print(line: &str) {
    let is_logged = match AutoStream::choice(&io::stderr()) {
        ColorChoice::Never => {
            let plain = anstream::adapter::strip_str(line).to_string();
            irsa_ops::logging::write_line(&plain)
        }
        _ => irsa_ops::logging::write_line(line),
    };
    if !is_logged {
        anstream::eprintln!("{line}");
    }
}

// === impl Failure ===

impl Failure {
    /// A failure with the messages of an error and its sources, and no remedy.
    pub fn other(error: impl Into<Box<dyn Error + Send + Sync>>) -> Self {
        let error: Box<dyn Error + Send + Sync> = error.into();
        Self::Other {
            message: chain_of(error.as_ref()),
            remedy: None,
        }
    }

    fn code(&self) -> u8 {
        match self {
            Self::Usage(_) => USAGE,
            Self::Coded { code, .. } => *code,
            Self::Other { .. } => FAILED,
        }
    }
}

impl From<Mistakes> for Failure {
    fn from(mistakes: Mistakes) -> Self {
        Self::Usage(mistakes)
    }
}

#[cfg(test)]
mod tests {
    use std::fmt;

    use super::*;

    #[derive(Debug)]
    struct Layer(&'static str, Option<Box<Layer>>);

    impl fmt::Display for Layer {
        fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
            f.write_str(self.0)
        }
    }

    impl Error for Layer {
        fn source(&self) -> Option<&(dyn Error + 'static)> {
            self.1
                .as_deref()
                .map(|layer| layer as &(dyn Error + 'static))
        }
    }

    fn said(error: Layer) -> String {
        match Failure::other(error) {
            Failure::Other { message, .. } => message,
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn says_every_cause() {
        let cause = Layer("b", Some(Box::new(Layer("c", None))));
        assert_eq!(said(Layer("a", Some(Box::new(cause)))), "a: b: c");
    }

    #[test]
    fn says_once_what_a_message_repeats() {
        let cause = Layer("b", Some(Box::new(Layer("c", None))));
        assert_eq!(said(Layer("a: b", Some(Box::new(cause)))), "a: b: c");
    }
}
