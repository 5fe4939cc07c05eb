//! A private directory for the lifetime of one command.

use std::fs::Permissions;
use std::io;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;

use tempfile::TempDir;

/// A temporary directory with mode 0700. It is created on first use and removed on drop.
#[derive(Debug, Default)]
pub(crate) struct PrivateFolder(Option<TempDir>);

// === impl PrivateFolder ===

impl PrivateFolder {
    /// Returns the path of the directory.
    ///
    /// # Errors
    /// A message that names the temporary directory in which it could not be created.
    pub(crate) fn path(&mut self) -> Result<&Path, String> {
        let folder = match self.0.take() {
            Some(folder) => folder,
            None => create().map_err(|error| {
                let parent = std::env::temp_dir();
                format!(
                    "cannot create a private directory in `{}`: {error}",
                    parent.display()
                )
            })?,
        };
        Ok(self.0.insert(folder).path())
    }
}

fn create() -> io::Result<TempDir> {
    tempfile::Builder::new()
        .prefix("irsa-")
        .permissions(Permissions::from_mode(0o700))
        .tempdir()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_directory_is_private_stable_and_removed() {
        let mut folder = PrivateFolder::default();
        let path = folder.path().unwrap().to_owned();
        assert_eq!(path.metadata().unwrap().permissions().mode() & 0o777, 0o700);
        assert_eq!(folder.path().unwrap(), path);
        drop(folder);
        assert!(!path.exists());
    }
}
