//! Replays files that a run of the fuzzer left.

use std::fs;
use std::io;
use std::path::PathBuf;

use crate::Target;

/// Gives each file to the target.
///
/// # Errors
/// No file, or one that can't be read.
///
/// # Panics
/// Where the target does.
pub fn replay(
    target: Target,
    files: impl IntoIterator<Item = impl Into<PathBuf>>,
) -> io::Result<()> {
    let mut files = files.into_iter().peekable();
    if files.peek().is_none() {
        let text = "give the files to replay, as those in `tests/fuzz/artifacts`";
        return Err(io::Error::new(io::ErrorKind::InvalidInput, text));
    }
    files.try_for_each(|file| {
        target(&fs::read(file.into())?);
        Ok(())
    })
}
