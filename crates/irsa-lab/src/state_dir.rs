//! The folder of a lab's files.

use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};

use tempfile::TempDir;

use crate::error::LabError;

/// The folder; a temporary one goes with the lab.
#[derive(Debug)]
pub(crate) enum StateDir {
    /// The caller's; stays.
    Given(PathBuf),
    /// Removed on drop.
    Temporary(TempDir),
}

impl StateDir {
    /// Makes the folder. Others may pass through it (PostgreSQL runs under a uid of its own) but
    /// not look into it.
    pub(crate) fn new(given: Option<PathBuf>) -> Result<Self, LabError> {
        let dir = if let Some(path) = given {
            fs::create_dir_all(&path).map_err(|error| LabError::file("create", &path, error))?;
            Self::Given(
                path.canonicalize()
                    .map_err(|error| LabError::file("find", &path, error))?,
            )
        } else {
            let made = tempfile::Builder::new().prefix("irsa-lab-").tempdir();
            Self::Temporary(
                made.map_err(|error| LabError::file("create", std::env::temp_dir(), error))?,
            )
        };
        let mode = fs::Permissions::from_mode(0o711);
        fs::set_permissions(dir.path(), mode)
            .map_err(|error| LabError::file("open up", dir.path(), error))?;
        Ok(dir)
    }

    pub(crate) fn path(&self) -> &Path {
        match self {
            Self::Given(path) => path,
            Self::Temporary(dir) => dir.path(),
        }
    }
}
