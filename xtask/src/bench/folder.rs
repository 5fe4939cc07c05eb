//! The directory of a run.

use std::env;
use std::fs::{self, File};
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};

use crate::failure::Failure;

/// A directory that every account can read. It is removed when this value is dropped.
#[derive(Debug)]
pub(super) struct Folder(PathBuf);

impl Folder {
    pub(super) fn create() -> Result<Self, Failure> {
        let path = env::temp_dir().join(format!("irsa-bench-{}", std::process::id()));
        fs::create_dir_all(&path).map_err(Failure::file(&path))?;
        fs::set_permissions(&path, fs::Permissions::from_mode(0o755))
            .map_err(Failure::file(&path))?;
        Ok(Self(path))
    }

    pub(super) fn path(&self) -> &Path {
        &self.0
    }

    /// Writes a file.
    pub(super) fn write(&self, name: &str, text: &str) -> Result<PathBuf, Failure> {
        let path = self.0.join(name);
        fs::write(&path, text).map_err(Failure::file(&path))?;
        Ok(path)
    }

    /// Creates a directory in which a server under any account can create its socket.
    pub(super) fn subfolder(&self, name: &str) -> Result<PathBuf, Failure> {
        let path = self.0.join(name);
        fs::create_dir_all(&path).map_err(Failure::file(&path))?;
        fs::set_permissions(&path, fs::Permissions::from_mode(0o777))
            .map_err(Failure::file(&path))?;
        Ok(path)
    }

    /// Creates a file for a server's output.
    pub(super) fn log(&self, name: &str) -> Result<File, Failure> {
        let path = self.0.join(name);
        File::create(&path).map_err(Failure::file(&path))
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.0);
    }
}
