//! Standard output, and times as programs read them.

use std::io::{self, ErrorKind, Write};
use std::time::SystemTime;

use time::OffsetDateTime;
use time::format_description::well_known::Rfc3339;

use crate::exit::Failure;

/// Prints a line.
///
/// # Errors
/// As [`written`].
pub(crate) fn line(text: &str) -> Result<(), Failure> {
    let mut out = io::stdout().lock();
    written(writeln!(out, "{text}").and_then(|()| out.flush()))
}

/// Prints text, with its colours where the terminal takes them.
///
/// # Errors
/// As [`written`].
pub(crate) fn coloured(text: &str) -> Result<(), Failure> {
    let mut out = anstream::stdout().lock();
    written(write!(out, "{text}").and_then(|()| out.flush()))
}

/// What came of writing to standard output. A reader that is gone is no failure of ours.
///
/// # Errors
/// It could not be written for another reason: the disk is full, say.
pub(crate) fn written(outcome: io::Result<()>) -> Result<(), Failure> {
    match outcome {
        Err(error) if error.kind() != ErrorKind::BrokenPipe => Err(Failure::other(format!(
            "standard output can't be written: {error}"
        ))),
        _ => Ok(()),
    }
}

/// A time in the form of RFC 3339, to the second, in UTC.
pub(crate) fn rfc3339(at: SystemTime) -> String {
    let at = OffsetDateTime::from(at);
    let whole = at.replace_nanosecond(0).unwrap_or(at);
    whole.format(&Rfc3339).unwrap_or_default()
}
