//! A file that others read while we replace it.

use std::ffi::OsString;
use std::fs::{self, File, OpenOptions, Permissions};
use std::io::{self, Write};
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};

/// Writes a file that all may read: a reader sees the old content or the new, whole.
pub(super) fn replace(path: &Path, content: &str) -> io::Result<()> {
    let draft = draft_of(path)?;
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

/// Beside the file, for a rename stays within a file system; of this process, for others may
/// write the same file.
fn draft_of(path: &Path) -> io::Result<PathBuf> {
    let name = path
        .file_name()
        .ok_or_else(|| io::Error::new(io::ErrorKind::InvalidInput, "the path names no file"))?;
    let mut draft = OsString::from(".");
    draft.push(name);
    draft.push(format!(".{}", std::process::id()));
    Ok(path.with_file_name(draft))
}
