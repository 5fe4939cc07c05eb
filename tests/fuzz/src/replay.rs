//! Replay of files that the fuzzer wrote.

use std::fs;
use std::io;
use std::path::PathBuf;

use crate::Target;

/// Runs the target with each file.
///
/// # Errors
/// Fails if there are no files or a file cannot be read.
///
/// # Panics
/// Panics if the target panics.
pub fn replay(
    target: Target,
    files: impl IntoIterator<Item = impl Into<PathBuf>>,
) -> io::Result<()> {
    let mut files = files.into_iter().peekable();
    if files.peek().is_none() {
        let text = "no files to replay: pass files such as those in `tests/fuzz/artifacts`";
        return Err(io::Error::new(io::ErrorKind::InvalidInput, text));
    }
    files.try_for_each(|file| {
        target(&fs::read(file.into())?);
        Ok(())
    })
}
