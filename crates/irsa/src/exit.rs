//! Exit codes and the last words that go with them.

use std::error::Error;
use std::io;
use std::process::ExitCode;

use anstream::{AutoStream, ColorChoice};
use anstyle::{AnsiColor, Style};
use irsa_doctor::Verdict;
use irsa_identity::IdentityError;

use crate::settings::Mistakes;

/// Something failed that is neither the user's input nor the chain.
const FAILED: u8 = 1;
/// The command line, the environment or the settings file is wrong (clap's own code, too).
const USAGE: u8 = 2;
/// A link of the identity chain is broken.
const CHAIN_BROKEN: u8 = 3;
/// Something about the chain could not be told.
const UNSURE: u8 = 4;

const ERROR: Style = AnsiColor::Red.on_default().bold();
const HINT: Style = AnsiColor::Cyan.on_default();

/// Why a command ends without success.
#[derive(Debug)]
pub(crate) enum Failure {
    /// Wrong input, every mistake of it.
    Usage(Mistakes),
    /// A broken link.
    Chain(IdentityError),
    /// A command that can't be run, with the exit code that a shell has for it.
    Command { message: String, code: u8 },
    /// Anything else: what happened, and what to do about it.
    Other {
        message: String,
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
        Failure::Chain(broken) => {
            let place = broken.link().reference(broken.cause());
            error(&format!("{broken} ({place})"));
            hint(&broken.remedy());
        }
        Failure::Command { message, .. } => error(message),
        Failure::Other { message, remedy } => {
            error(message);
            if let Some(remedy) = remedy {
                hint(remedy);
            }
        }
    }
    ExitCode::from(failure.code())
}

/// What a report's overall verdict makes of the exit code.
pub(crate) fn of_verdict(overall: Verdict) -> ExitCode {
    match overall {
        Verdict::Broken => ExitCode::from(CHAIN_BROKEN),
        Verdict::Unsure => ExitCode::from(UNSURE),
        _ => ExitCode::SUCCESS,
    }
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
    /// A failure with what it and its causes say, and nothing to advise.
    pub(crate) fn other(error: impl Into<Box<dyn Error + Send + Sync>>) -> Self {
        let error: Box<dyn Error + Send + Sync> = error.into();
        Self::Other {
            message: chain_of(error.as_ref()),
            remedy: None,
        }
    }

    fn code(&self) -> u8 {
        match self {
            Self::Usage(_) => USAGE,
            Self::Chain(_) => CHAIN_BROKEN,
            Self::Command { code, .. } => *code,
            Self::Other { .. } => FAILED,
        }
    }
}

impl From<Mistakes> for Failure {
    fn from(mistakes: Mistakes) -> Self {
        Self::Usage(mistakes)
    }
}

impl From<IdentityError> for Failure {
    fn from(error: IdentityError) -> Self {
        Self::Chain(error)
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
