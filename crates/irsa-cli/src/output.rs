//! Standard output.

use std::io::{self, ErrorKind, Write};

use clap::ValueEnum;

use crate::Failure;

/// The format in which a command prints its result.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, ValueEnum)]
pub enum Output {
    /// Human-readable text
    #[default]
    Text,
    /// JSON
    Json,
}

/// Prints a line.
///
/// # Errors
/// See [`written`].
pub fn line(text: &str) -> Result<(), Failure> {
    let mut out = io::stdout().lock();
    written(writeln!(out, "{text}").and_then(|()| out.flush()))
}

/// Prints text, in color if the terminal supports it.
///
/// # Errors
/// See [`written`].
pub fn colored(text: &str) -> Result<(), Failure> {
    let mut out = anstream::stdout().lock();
    written(write!(out, "{text}").and_then(|()| out.flush()))
}

/// Converts the result of writing to standard output. A reader that has gone away is not a failure.
///
/// # Errors
/// The text could not be written for another reason, for example because the disk is full.
pub fn written(outcome: io::Result<()>) -> Result<(), Failure> {
    match outcome {
        Err(error) if error.kind() != ErrorKind::BrokenPipe => Err(Failure::other(format!(
            "cannot write to standard output: {error}"
        ))),
        _ => Ok(()),
    }
}
