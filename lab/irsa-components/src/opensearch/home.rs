//! The pinned OpenSearch in the cache: assembled once, and shared read-only by all nodes.

use std::fmt::Write as _;
use std::fs;
use std::io::{self, Cursor};
use std::path::{Path, PathBuf};

use reqwest::Client;
use tempfile::TempDir;
use zip::ZipArchive;

use super::OpenSearchError;
use super::artifacts::{DISTRIBUTION, MODULES, Module, PROOFS, SECURITY, VERSION};
use crate::artifact::Artifact;
use crate::files::FileError;
use crate::{Progress, cache, fetch, sha256};

/// Part of the home's name; increment it when the assembly changes.
const FORMAT: &str = "home1";

/// Returns the directory of the pinned OpenSearch in `cache`, after a download if it is missing.
///
/// Concurrent callers, in one or several processes, download it once: a file lock makes the others wait. A cache that
/// already has it may be read-only.
pub(super) async fn pinned(
    cache: &Path,
    progress: Progress<'_>,
) -> Result<PathBuf, OpenSearchError> {
    let shelf = cache.join("opensearch");
    let home = shelf.join(format!("{VERSION}-{FORMAT}"));
    if is_whole(&home).await {
        return Ok(home);
    }
    cache::create_public_folder(&shelf).map_err(FileError::when("create", &shelf))?;
    let lock = shelf.join(".lock");
    let _lock = cache::lock(&lock, progress)
        .await
        .map_err(FileError::when("lock", lock))?;
    if !is_whole(&home).await {
        install(&shelf, &home, progress).await?;
    }
    Ok(home)
}

/// Returns whether `home` is complete and unmodified.
async fn is_whole(home: &Path) -> bool {
    let home = home.to_owned();
    let check = move || {
        PROOFS.iter().all(|(file, expected)| {
            fs::read(home.join(file)).is_ok_and(|bytes| sha256::hex(&bytes) == *expected)
        })
    };
    cache::blocking(check).await.unwrap_or(false)
}

/// Assembles everything beside `home`, then renames it into place.
async fn install(shelf: &Path, home: &Path, progress: Progress<'_>) -> Result<(), OpenSearchError> {
    cache::sweep(shelf);
    progress(&format!(
        "fetching OpenSearch {VERSION} into `{}` (about 105 MB, once)",
        shelf.display()
    ));
    let staging = TempDir::with_prefix_in(".unpacking-", shelf)
        .map_err(FileError::when("write to", shelf))?;
    let client = fetch::client()?;
    unpack(&client, &DISTRIBUTION, staging.path(), progress).await?;
    let unpacked = staging.path().join(format!("opensearch-{VERSION}"));
    progress("downloading its security plugin and modules");
    unpack(
        &client,
        &SECURITY,
        &unpacked.join("plugins/opensearch-security"),
        progress,
    )
    .await?;
    for module in &MODULES {
        add(&client, module, &unpacked.join("modules"), progress).await?;
    }
    cache::open_tree(&unpacked).map_err(FileError::when("make readable", &unpacked))?;
    if home.exists() {
        progress("replacing a damaged copy of OpenSearch");
        fs::remove_dir_all(home).map_err(FileError::when("remove", home))?;
    }
    Ok(fs::rename(&unpacked, home).map_err(FileError::when("create", home))?)
}

async fn unpack(
    client: &Client,
    artifact: &Artifact,
    folder: &Path,
    progress: Progress<'_>,
) -> Result<(), OpenSearchError> {
    let bytes = fetch::fetch(client, artifact, progress).await?;
    let into = folder.to_owned();
    cache::blocking(move || ZipArchive::new(Cursor::new(bytes))?.extract(into))
        .await
        .and_then(|unpacked| unpacked.map_err(io::Error::from))
        .map_err(FileError::when("unpack into", folder))?;
    Ok(())
}

async fn add(
    client: &Client,
    module: &Module,
    modules: &Path,
    progress: Progress<'_>,
) -> Result<(), OpenSearchError> {
    let folder = modules.join(module.name);
    fs::create_dir_all(&folder).map_err(FileError::when("create", &folder))?;
    for library in module.libraries {
        let bytes = fetch::fetch(client, library, progress).await?;
        write(&folder.join(library.file_name()), &bytes)?;
    }
    if !module.permissions.is_empty() {
        write(
            &folder.join("plugin-security.policy"),
            policy(module).as_bytes(),
        )?;
    }
    let descriptor = descriptor(module);
    write(
        &folder.join("plugin-descriptor.properties"),
        descriptor.as_bytes(),
    )
}

fn write(path: &Path, bytes: &[u8]) -> Result<(), OpenSearchError> {
    Ok(fs::write(path, bytes).map_err(FileError::when("write", path))?)
}

fn descriptor(module: &Module) -> String {
    let Module {
        name,
        class,
        extends,
        ..
    } = module;
    format!(
        "description={name}\nversion={VERSION}\nname={name}\nclassname={class}\njava.version=11\n\
         opensearch.version={VERSION}\ncustom.foldername=\nextended.plugins={extends}\nhas.native.controller=false\n"
    )
}

fn policy(module: &Module) -> String {
    let mut text = "grant {\n".to_owned();
    for permission in module.permissions {
        let _ = writeln!(text, "  permission {permission};");
    }
    text + "};\n"
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_policy_grants_each_permission() {
        let painless = MODULES.first().unwrap();
        assert_eq!(
            policy(painless),
            "grant {\n  permission java.lang.RuntimePermission \"createClassLoader\";\n  \
             permission java.lang.RuntimePermission \"getClassLoader\";\n};\n"
        );
    }

    #[tokio::test]
    async fn a_home_without_its_core_is_incomplete() {
        let home = tempfile::tempdir().unwrap();
        fs::create_dir(home.path().join("lib")).unwrap();
        fs::write(home.path().join(PROOFS[0].0), "something else").unwrap();
        assert!(!is_whole(home.path()).await);
    }
}
