//! A folder that only this user can enter, for as long as one command runs.

use std::fs::Permissions;
use std::io;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;

use tempfile::TempDir;

/// A temporary folder with mode 0700. It is created when it is first needed, and removed with this
/// value.
#[derive(Debug, Default)]
pub(crate) struct PrivateFolder(Option<TempDir>);

// === impl PrivateFolder ===

impl PrivateFolder {
    /// Returns the path of the folder.
    ///
    /// # Errors
    /// A sentence that names the folder for temporary files, if none can be created in it.
    pub(crate) fn path(&mut self) -> Result<&Path, String> {
        let folder = match self.0.take() {
            Some(folder) => folder,
            None => create().map_err(|error| {
                let parent = std::env::temp_dir();
                format!(
                    "cannot create a private folder in `{}`: {error}",
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
    fn the_folder_is_its_owners_alone_stays_the_same_and_is_removed() {
        let mut folder = PrivateFolder::default();
        let path = folder.path().unwrap().to_owned();
        assert_eq!(path.metadata().unwrap().permissions().mode() & 0o777, 0o700);
        assert_eq!(folder.path().unwrap(), path);
        drop(folder);
        assert!(!path.exists());
    }
}
