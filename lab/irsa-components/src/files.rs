//! Files and folders that a server's account can use, and nobody else.

use std::fs;
use std::io::{self, Write as _};
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};

use thiserror::Error;

use crate::run_as::RunAs;

/// A file or folder that a server can't be given.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum FileError {
    /// It could not be used.
    #[error("can't {doing} `{}`", path.display())]
    Unusable {
        /// What was tried: "write", "create".
        doing: &'static str,
        /// The file or folder.
        path: PathBuf,
        /// The system's reason.
        source: io::Error,
    },
    /// It is closed to the account that the server runs under.
    #[error("account `{account}`, which the server runs under, can't enter `{}`", folder.display())]
    Closed {
        /// The account.
        account: String,
        /// The first closed folder on the way.
        folder: PathBuf,
    },
}

impl FileError {
    /// For `map_err`: what was tried with which file.
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

    /// What to do about it, where one thing helps.
    pub fn remedy(&self) -> Option<&'static str> {
        match self {
            Self::Closed { .. } => Some(
                "choose a folder that every account can enter, such as /var/cache/irsa; temporary ones go where \
                 TMPDIR says",
            ),
            Self::Unusable { source, .. } => match source.kind() {
                io::ErrorKind::PermissionDenied | io::ErrorKind::ReadOnlyFilesystem => Some(
                    "choose a folder that this user may write to; IRSA_CACHE_DIR says where programs are kept, \
                     TMPDIR where temporary folders go",
                ),
                io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded => Some(
                    "make room there; IRSA_CACHE_DIR says where programs are kept, TMPDIR where temporary folders go",
                ),
                _ => None,
            },
        }
    }
}

/// Fails with the name of the folder that keeps the server's account out.
pub(crate) fn ensure_reachable(path: &Path, run_as: Option<&RunAs>) -> Result<(), FileError> {
    let Some(account) = run_as else { return Ok(()) };
    let closed = account
        .first_closed_folder(path)
        .map_err(FileError::when("look at", path))?;
    closed.map_or(Ok(()), |folder| {
        Err(FileError::Closed {
            account: account.name().to_owned(),
            folder,
        })
    })
}

/// Creates a folder that only the server's account can enter; one that exists must be within its reach.
pub(crate) fn private_folder(folder: &Path, run_as: Option<&RunAs>) -> Result<(), FileError> {
    if !folder.exists() {
        fs::create_dir_all(folder).map_err(FileError::when("create", folder))?;
        fs::set_permissions(folder, fs::Permissions::from_mode(0o700))
            .map_err(FileError::when("protect", folder))?;
        own(folder, run_as)?;
    }
    ensure_reachable(folder, run_as)
}

/// Writes a file that only the server's account can read, and never through a name that already exists.
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

/// Gives `path` to the server's account.
pub(crate) fn own(path: &Path, run_as: Option<&RunAs>) -> Result<(), FileError> {
    run_as.map_or(Ok(()), |account| {
        account
            .own(path)
            .map_err(FileError::when("give away", path))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_full_disk_and_a_closed_one_have_their_remedies() {
        for (kind, words) in [
            (io::ErrorKind::StorageFull, "make room"),
            (io::ErrorKind::ReadOnlyFilesystem, "may write to"),
        ] {
            let error = FileError::when("write", "/cache")(kind.into());
            assert!(error.remedy().unwrap().contains(words), "{error}");
        }
    }
}
