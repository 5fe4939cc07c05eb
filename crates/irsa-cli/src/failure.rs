//! Failures of commands, and their exit codes.

use std::error::Error;
use std::io;
use std::process::ExitCode;

use anstream::{AutoStream, ColorChoice};
use anstyle::{AnsiColor, Style};
use irsa_chain::untrusted::escape_json;
use serde_json::json;

use crate::Mistakes;

/// A failure that is neither in the user's input nor in the identity chain.
const FAILED: u8 = 1;
/// The command line, the environment or the configuration file is invalid. clap exits with the same code.
pub const USAGE: u8 = 2;
/// A link of the identity chain is broken.
pub const CHAIN_BROKEN: u8 = 3;
/// At least one check of the chain could not run, or the result depends on an unknown value.
pub const UNSURE: u8 = 4;

const ERROR: Style = AnsiColor::Red.on_default().bold();
const HINT: Style = AnsiColor::Cyan.on_default();

/// The reason why a command fails.
#[derive(Debug)]
pub enum Failure {
    /// Invalid input, with all mistakes in it.
    Usage(Mistakes),
    /// A link of the identity chain is broken.
    Chain {
        /// The failure.
        message: String,
        /// The remedy.
        remedy: String,
        /// The ID of the link.
        link: &'static str,
        /// The ID of the cause, if it is known.
        cause: Option<&'static str>,
    },
    /// A failure with a specific exit code, such as a command that cannot be run.
    Coded {
        /// The failure.
        message: String,
        /// The remedy.
        remedy: Option<String>,
        /// The exit code.
        code: u8,
    },
    /// Any other failure.
    Other {
        /// The failure.
        message: String,
        /// The remedy.
        remedy: Option<String>,
    },
}

/// The format of failures on standard error.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum FailureFormat {
    /// Human-readable text.
    #[default]
    Text,
    /// One JSON object for each error, with the fields of a log record.
    Json,
}

/// Prints the failure to standard error and returns the exit code.
pub(crate) fn report(outcome: Result<ExitCode, Failure>, format: FailureFormat) -> ExitCode {
    let failure = match outcome {
        Ok(code) => return code,
        Err(failure) => failure,
    };
    for error in failure.errors() {
        match format {
            FailureFormat::Text => error.print(),
            FailureFormat::Json => print_line(&error.json(failure.code())),
        }
    }
    ExitCode::from(failure.code())
}

/// Prints an error of the command line as JSON.
pub fn print_usage_error(message: &str, remedy: Option<&str>) {
    let error = ErrorLine {
        remedy,
        ..ErrorLine::new(message)
    };
    print_line(&error.json(USAGE));
}

/// An error as it is printed.
struct ErrorLine<'a> {
    message: &'a str,
    remedy: Option<&'a str>,
    link: Option<&'static str>,
    cause: Option<&'static str>,
}

// === impl ErrorLine ===

impl<'a> ErrorLine<'a> {
    fn new(message: &'a str) -> Self {
        Self {
            message,
            remedy: None,
            link: None,
            cause: None,
        }
    }

    fn print(&self) {
        match (self.link, self.cause) {
            (Some(link), Some(cause)) => {
                error(&format!("{} (link: {link}, cause: {cause})", self.message));
            }
            (Some(link), None) => error(&format!("{} (link: {link})", self.message)),
            (None, _) => error(self.message),
        }
        if let Some(remedy) = self.remedy {
            hint(remedy);
        }
    }

    fn json(&self, code: u8) -> String {
        let mut record = json!({
            "timestamp": irsa_ops::logging::timestamp(),
            "level": "ERROR",
            "message": self.message,
            "exit_code": code,
        });
        let details = [
            ("remedy", self.remedy),
            ("link", self.link),
            ("cause", self.cause),
        ];
        for (name, value) in details {
            if let Some(value) = value {
                record[name] = value.into();
            }
        }
        escape_json(&record.to_string())
    }
}

/// Joins the messages of an error and its sources, outermost first. A source whose message is already included is
/// skipped.
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

/// Prints a line without colors.
fn print_line(line: &str) {
    if !irsa_ops::logging::write_line(line) {
        anstream::eprintln!("{line}");
    }
}

/// Prints a line. A process that logs uses the log's thread, because the reader of standard error may have stalled and
/// must not delay the exit.
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
    /// Creates a failure from the messages of an error and its sources, without a remedy.
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
            Self::Chain { .. } => CHAIN_BROKEN,
            Self::Coded { code, .. } => *code,
            Self::Other { .. } => FAILED,
        }
    }

    fn errors(&self) -> Vec<ErrorLine<'_>> {
        match self {
            Self::Usage(mistakes) => {
                let sentences = mistakes.sentences().iter();
                sentences.map(|sentence| ErrorLine::new(sentence)).collect()
            }
            Self::Chain {
                message,
                remedy,
                link,
                cause,
            } => vec![ErrorLine {
                message,
                remedy: Some(remedy),
                link: Some(link),
                cause: *cause,
            }],
            Self::Coded {
                message, remedy, ..
            }
            | Self::Other { message, remedy } => vec![ErrorLine {
                remedy: remedy.as_deref(),
                ..ErrorLine::new(message)
            }],
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
    fn the_message_contains_every_source() {
        let cause = Layer("b", Some(Box::new(Layer("c", None))));
        assert_eq!(said(Layer("a", Some(Box::new(cause)))), "a: b: c");
    }

    #[test]
    fn json_errors_have_the_fields_of_a_log_record() {
        let failure = Failure::Chain {
            message: "no\nentry".to_owned(),
            remedy: "ask".to_owned(),
            link: "trust-policy",
            cause: Some("trust-denied"),
        };
        let line = failure.errors()[0].json(failure.code());
        assert!(!line.contains('\n'), "{line}");
        let mut record: serde_json::Value = serde_json::from_str(&line).unwrap();
        let timestamp = record["timestamp"].take();
        assert!(timestamp.as_str().unwrap().ends_with('Z'), "{line}");
        let expected = json!({
            "timestamp": null, "level": "ERROR", "message": "no\nentry", "remedy": "ask",
            "link": "trust-policy", "cause": "trust-denied", "exit_code": 3,
        });
        assert_eq!(record, expected);
    }

    #[test]
    fn repeated_messages_are_skipped() {
        let cause = Layer("b", Some(Box::new(Layer("c", None))));
        assert_eq!(said(Layer("a: b", Some(Box::new(cause)))), "a: b: c");
    }
}
