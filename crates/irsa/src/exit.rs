//! Exit codes and the last words that go with them.

use std::process::ExitCode;

use anstyle::{AnsiColor, Style};
use irsa_identity::IdentityError;

use crate::settings::Mistakes;

/// Something failed that is neither the user's input nor the chain.
const FAILED: u8 = 1;
/// The command line, the environment or the settings file is wrong (clap's own code, too).
const USAGE: u8 = 2;
/// A link of the identity chain is broken.
const CHAIN_BROKEN: u8 = 3;

const ERROR: Style = AnsiColor::Red.on_default().bold();
const HINT: Style = AnsiColor::Cyan.on_default();

/// Why a command ends without success.
#[derive(Debug)]
pub(crate) enum Failure {
    /// Wrong input, every mistake of it.
    Usage(Mistakes),
    /// A broken link.
    Chain(IdentityError),
    /// Anything else: what happened, and what to do about it.
    Other { message: String, remedy: Option<String> },
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
            error(&format!("{broken} (link: {})", broken.link().id()));
            hint(&broken.remedy());
        }
        Failure::Other { message, remedy } => {
            error(message);
            if let Some(remedy) = remedy {
                hint(remedy);
            }
        }
    }
    ExitCode::from(failure.code())
}

fn error(sentence: &str) {
    anstream::eprintln!("{ERROR}error:{ERROR:#} {sentence}");
}

fn hint(sentence: &str) {
    anstream::eprintln!(" {HINT}help:{HINT:#} {sentence}");
}

// === impl Failure ===

impl Failure {
    /// A failure with what it says and nothing to advise.
    pub(crate) fn other(message: impl std::fmt::Display) -> Self {
        Self::Other { message: message.to_string(), remedy: None }
    }

    fn code(&self) -> u8 {
        match self {
            Self::Usage(_) => USAGE,
            Self::Chain(_) => CHAIN_BROKEN,
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
