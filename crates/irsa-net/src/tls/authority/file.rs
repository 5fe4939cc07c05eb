//! Atomic replacement of a file.

use std::ffi::OsString;
use std::fs::{self, File, OpenOptions, Permissions};
use std::io::{self, Write};
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};

/// Replaces a world-readable file atomically: readers see either the complete old content or the complete new content.
pub(super) fn replace(path: &Path, content: &str) -> io::Result<()> {
    let draft = temporary_path(path)?;
    let written = write(&draft, content).and_then(|()| fs::rename(&draft, path));
    if written.is_err() {
        let _ = fs::remove_file(&draft);
    }
    written
}

fn write(draft: &Path, content: &str) -> io::Result<()> {
    let _ = fs::remove_file(draft);
    let mut file: File = OpenOptions::new()
        .write(true)
        .create_new(true)
        .open(draft)?;
    file.set_permissions(Permissions::from_mode(0o644))?;
    file.write_all(content.as_bytes())
}

/// Returns a path in the same directory, because a rename cannot cross file systems, that contains the process ID,
/// because several processes may write the same file.
fn temporary_path(path: &Path) -> io::Result<PathBuf> {
    let name = path
        .file_name()
        .ok_or_else(|| io::Error::new(io::ErrorKind::InvalidInput, "the path has no file name"))?;
    let mut draft = OsString::from(".");
    draft.push(name);
    draft.push(format!(".{}", std::process::id()));
    Ok(path.with_file_name(draft))
}
