//! Standard output.

use std::io::{self, ErrorKind, Write};

use clap::ValueEnum;

use crate::Failure;

/// How a command prints its result.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, ValueEnum)]
pub enum Output {
    /// For people
    #[default]
    Text,
    /// For programs
    Json,
}

/// Prints a line.
///
/// # Errors
/// As [`written`].
pub fn line(text: &str) -> Result<(), Failure> {
    let mut out = io::stdout().lock();
    written(writeln!(out, "{text}").and_then(|()| out.flush()))
}

/// Prints text, with its colours where the terminal takes them.
///
/// # Errors
/// As [`written`].
pub fn coloured(text: &str) -> Result<(), Failure> {
    let mut out = anstream::stdout().lock();
    written(write!(out, "{text}").and_then(|()| out.flush()))
}

/// What came of writing to standard output. A reader that is gone is no failure of ours.
///
/// # Errors
/// It could not be written for another reason: the disk is full, say.
pub fn written(outcome: io::Result<()>) -> Result<(), Failure> {
    match outcome {
        Err(error) if error.kind() != ErrorKind::BrokenPipe => Err(Failure::other(format!(
            "standard output can't be written: {error}"
        ))),
        _ => Ok(()),
    }
}
