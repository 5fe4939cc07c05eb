//! Files and directories that only a server's account can use.

use std::fs;
use std::io::{self, Write as _};
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};

use thiserror::Error;

use crate::run_as::RunAs;

/// A file or directory that a server cannot use.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum FileError {
    /// An operation on it failed.
    #[error("can't {doing} `{}`", path.display())]
    Unusable {
        /// The operation: "write", "create".
        doing: &'static str,
        /// The file or directory.
        path: PathBuf,
        /// The operating system's error.
        source: io::Error,
    },
    /// The server's account cannot enter a directory.
    #[error("account `{account}`, which runs the server, cannot enter `{}`", folder.display())]
    Closed {
        /// The account.
        account: String,
        /// The first directory of the path that the account cannot enter.
        folder: PathBuf,
    },
}

impl FileError {
    /// Returns a function for `map_err` that names the operation and the file.
    pub(crate) fn when(
        doing: &'static str,
        path: impl Into<PathBuf>,
    ) -> impl FnOnce(io::Error) -> Self {
        let path = path.into();
        move |source| Self::Unusable {
            doing,
            path,
            source,
        }
    }

    /// Returns the remedy, if there is a single one.
    pub fn remedy(&self) -> Option<&'static str> {
        match self {
            Self::Closed { .. } => Some(
                "choose a directory that every account can enter, such as /var/cache/irsa; set TMPDIR for \
                 temporary ones",
            ),
            Self::Unusable { source, .. } => match source.kind() {
                io::ErrorKind::PermissionDenied | io::ErrorKind::ReadOnlyFilesystem => Some(
                    "choose a directory that this user can write to: set IRSA_CACHE_DIR for programs, or \
                     TMPDIR for temporary files",
                ),
                io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded => Some(
                    "free some space, or set IRSA_CACHE_DIR (for programs) or TMPDIR (for temporary files) to a different disk",
                ),
                _ => None,
            },
        }
    }
}

/// Fails with the first directory that the server's account cannot enter.
pub(crate) fn ensure_reachable(path: &Path, run_as: Option<&RunAs>) -> Result<(), FileError> {
    let Some(account) = run_as else { return Ok(()) };
    let closed = account
        .first_closed_folder(path)
        .map_err(FileError::when("inspect", path))?;
    closed.map_or(Ok(()), |folder| {
        Err(FileError::Closed {
            account: account.name().to_owned(),
            folder,
        })
    })
}

/// Creates a directory that only the server's account can enter; the account must be able to reach an existing one.
pub(crate) fn private_folder(folder: &Path, run_as: Option<&RunAs>) -> Result<(), FileError> {
    if !folder.exists() {
        fs::create_dir_all(folder).map_err(FileError::when("create", folder))?;
        fs::set_permissions(folder, fs::Permissions::from_mode(0o700))
            .map_err(FileError::when("protect", folder))?;
        own(folder, run_as)?;
    }
    ensure_reachable(folder, run_as)
}

/// Writes a file that only the server's account can read, and never through an existing name.
pub(crate) fn private_file(
    path: &Path,
    bytes: &[u8],
    run_as: Option<&RunAs>,
) -> Result<(), FileError> {
    let folder = path.parent().unwrap_or(path);
    let mut file =
        tempfile::NamedTempFile::new_in(folder).map_err(FileError::when("write to", folder))?;
    file.write_all(bytes)
        .map_err(FileError::when("write", path))?;
    own(file.path(), run_as)?;
    file.persist(path)
        .map_err(|error| FileError::when("write", path)(error.error))
        .map(drop)
}

/// Changes the owner of `path` to the server's account.
pub(crate) fn own(path: &Path, run_as: Option<&RunAs>) -> Result<(), FileError> {
    run_as.map_or(Ok(()), |account| {
        account
            .own(path)
            .map_err(FileError::when("change the owner of", path))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_full_and_a_read_only_disk_have_remedies() {
        for (kind, words) in [
            (io::ErrorKind::StorageFull, "free some space"),
            (io::ErrorKind::ReadOnlyFilesystem, "can write to"),
        ] {
            let error = FileError::when("write", "/cache")(kind.into());
            assert!(error.remedy().unwrap().contains(words), "{error}");
        }
    }
}
