//! Standard output, and times as programs read them.

use std::io::{self, ErrorKind, Write};
use std::time::{SystemTime, UNIX_EPOCH};

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

/// The last second that RFC 3339 can write.
const END_OF_9999: i64 = 253_402_300_799;

/// Formats a time as RFC 3339, to the second, in UTC. A time before 1970 or after 9999, which a
/// source of credentials may give, becomes the nearest time in between.
pub(crate) fn rfc3339(at: SystemTime) -> String {
    let since_epoch = at.duration_since(UNIX_EPOCH).unwrap_or_default();
    let seconds = i64::try_from(since_epoch.as_secs()).unwrap_or(i64::MAX);
    let at = OffsetDateTime::from_unix_timestamp(seconds.min(END_OF_9999));
    at.map_or_else(
        |_| String::new(),
        |at| at.format(&Rfc3339).unwrap_or_default(),
    )
}
