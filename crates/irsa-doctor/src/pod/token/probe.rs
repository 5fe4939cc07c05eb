//! The token file: its path, its content, and its mount.

use std::path::{Path, PathBuf};

use irsa_identity::{Environment, IdentityError, SecretString, read_token_file};

use super::mount::{self, Mount};

/// The content and the location of a token file.
#[derive(Debug)]
pub(in crate::pod) struct TokenFile {
    pub(in crate::pod) content: Result<SecretString, IdentityError>,
    /// The mount of the file, if it can be determined.
    pub(in crate::pod) mount: Option<Mount>,
    /// If the file cannot be read: the deepest existing folder in its path, and the mount of that folder.
    pub(in crate::pod) folder: Option<(PathBuf, Option<Mount>)>,
}

/// The file that the source with this name reads, if any.
pub(in crate::pod) fn path(source: &str, environment: &Environment) -> Option<PathBuf> {
    let name = match source {
        "web-identity" => "AWS_WEB_IDENTITY_TOKEN_FILE",
        "pod-identity" => "AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE",
        _ => return None,
    };
    environment.get(name).map(PathBuf::from)
}

/// Reads the file and looks up its mount.
pub(in crate::pod) async fn read(path: &Path) -> TokenFile {
    let content = read_token_file(path).await;
    let folder = content
        .is_err()
        .then(|| path.ancestors().skip(1).find(|folder| folder.is_dir()))
        .flatten();
    TokenFile {
        content,
        mount: mount::covering(path),
        folder: folder.map(|folder| (folder.to_owned(), mount::covering(folder))),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_missing_file_is_reported_with_the_folder_that_exists() {
        let folder = tempfile::tempdir().unwrap();
        let file = read(&folder.path().join("a/b/token")).await;
        assert!(file.content.is_err());
        assert_eq!(file.folder.unwrap().0, folder.path());
    }
}
