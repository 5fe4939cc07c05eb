//! Archives from Maven Central, pinned by their digest and unpacked once.

use std::fs;
use std::io::{self, Cursor};
use std::path::{Path, PathBuf};
use std::process::Stdio;

use tempfile::{NamedTempFile, TempDir};
use thiserror::Error;
use tokio::process::Command;
use zip::ZipArchive;

pub use crate::artifact::Artifact;
use crate::files::FileError;
use crate::{FetchError, Progress, cache, fetch};

/// An archive is unavailable.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum MavenError {
    /// The download failed, or its digest is wrong.
    #[error(transparent)]
    Fetch(#[from] FetchError),
    /// A file or directory cannot be used.
    #[error(transparent)]
    File(#[from] FileError),
    /// `tar` is missing, or failed.
    #[error("can't unpack `{file}` with `tar`: {problem}")]
    Unpack {
        /// The archive's name.
        file: String,
        /// The problem.
        problem: String,
    },
}

/// Returns the directory with the content of `archive` (a `.tar.gz` with one top-level directory): `home`, after a
/// download if it is missing.
///
/// Concurrent callers, in one or several processes, download it once: a file lock makes the others wait.
///
/// # Errors
/// The download failed or its digest is wrong, or `home` cannot be written.
pub async fn unpacked(
    archive: &Artifact,
    home: &Path,
    progress: Progress<'_>,
) -> Result<PathBuf, MavenError> {
    if home.is_dir() {
        return Ok(home.to_owned());
    }
    let shelf = home.parent().unwrap_or(home);
    cache::create_public_folder(shelf).map_err(FileError::when("create", shelf))?;
    let lock = shelf.join(".lock");
    let _lock = cache::lock(&lock, progress)
        .await
        .map_err(FileError::when("lock", lock))?;
    if !home.is_dir() {
        install(archive, shelf, home, progress).await?;
    }
    Ok(home.to_owned())
}

/// Unpacks beside `home`, then renames the result into place.
async fn install(
    archive: &Artifact,
    shelf: &Path,
    home: &Path,
    progress: Progress<'_>,
) -> Result<(), MavenError> {
    let name = archive.file_name();
    cache::sweep(shelf);
    progress(&format!(
        "fetching `{name}` into `{}` (once)",
        shelf.display()
    ));
    let file = NamedTempFile::with_prefix_in(".unpacking-", shelf)
        .map_err(FileError::when("write to", shelf))?;
    let bytes = fetch::fetch(&fetch::client()?, archive, progress).await?;
    let staging = TempDir::with_prefix_in(".unpacking-", shelf)
        .map_err(FileError::when("write to", shelf))?;
    if archive.is_zip() {
        unzip(bytes, staging.path()).await?;
    } else {
        fs::write(file.path(), bytes).map_err(FileError::when("write", file.path()))?;
        untar(&name, file.path(), staging.path()).await?;
    }
    cache::open_tree(staging.path()).map_err(FileError::when("make readable", staging.path()))?;
    Ok(fs::rename(staging.path(), home).map_err(FileError::when("create", home))?)
}

async fn unzip(bytes: Vec<u8>, into: &Path) -> Result<(), FileError> {
    let folder = into.to_owned();
    cache::blocking(move || ZipArchive::new(Cursor::new(bytes))?.extract(folder))
        .await
        .and_then(|unpacked| unpacked.map_err(io::Error::from))
        .map_err(FileError::when("unpack into", into))
}

async fn untar(name: &str, file: &Path, into: &Path) -> Result<(), MavenError> {
    let mut command = Command::new("tar");
    command
        .args(["-xz", "--strip-components=1", "--no-same-owner", "-C"])
        .arg(into)
        .arg("-f")
        .arg(file)
        .stdin(Stdio::null())
        .kill_on_drop(true);
    let failed = |problem: String| MavenError::Unpack {
        file: name.to_owned(),
        problem,
    };
    let output = command.output().await;
    let output = output.map_err(|error: io::Error| failed(error.to_string()))?;
    if output.status.success() {
        return Ok(());
    }
    let said = String::from_utf8_lossy(&output.stderr);
    Err(failed(said.lines().next().unwrap_or_default().to_owned()))
}

#[cfg(test)]
mod tests {
    use super::*;

    const ARCHIVE: Artifact = Artifact::tar_gz("org/example", "app", "1", "");

    #[tokio::test]
    async fn an_unpacked_archive_is_reused() {
        let cache = tempfile::tempdir().unwrap();
        let home = cache.path().join("app-1");
        fs::create_dir(&home).unwrap();
        let found = unpacked(&ARCHIVE, &home, &|line| panic!("{line}")).await;
        assert_eq!(found.unwrap(), home);
        assert!(
            !cache.path().join(".lock").exists(),
            "a cache may be read-only"
        );
    }

    #[tokio::test]
    async fn a_malformed_archive_is_reported() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("app-1.tar.gz");
        fs::write(&file, "no archive").unwrap();
        let error = untar("app-1.tar.gz", &file, folder.path())
            .await
            .unwrap_err();
        assert!(error.to_string().contains("`app-1.tar.gz`"), "{error}");
    }

    #[tokio::test]
    async fn a_jar_that_is_not_a_zip_file_is_rejected() {
        assert!(Artifact::jar("org/example", "app", "1", "").is_zip());
        let folder = tempfile::tempdir().unwrap();
        let error = unzip(b"no archive".to_vec(), folder.path()).await;
        assert!(error.is_err());
    }

    #[test]
    fn an_archive_has_its_place_in_a_maven_repository() {
        assert_eq!(ARCHIVE.path(), "org/example/app/1/app-1.tar.gz");
    }
}
