//! New data directories: copies of one that `initdb` created, kept beside the downloaded programs.
//!
//! Copying takes a fraction of the time of `initdb`, which would be most of a start. The copies share a system
//! identifier, as a server and its replicas do.

use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};

use tempfile::TempDir;

use super::{PostgresBinaries, PostgresError, fetch, program};
use crate::cache;
use crate::run_as::{self, RunAs};

/// Part of a template's name; increment it when [`initdb`] changes.
const FORMAT: &str = "data1";

/// Fills the empty directory `data_dir`, which the server's account owns.
pub(super) async fn fill(
    binaries: &PostgresBinaries,
    data_dir: &Path,
    superuser: &str,
) -> Result<(), PostgresError> {
    match template(binaries, superuser).await {
        Some(template) => copy(binaries, &template, data_dir).await,
        None if binaries.run_as().is_none() => initdb(binaries, data_dir, superuser).await,
        None => {
            let staging = TempDir::with_prefix("irsa-initdb-")
                .map_err(PostgresError::file("write to", std::env::temp_dir()))?;
            let made = make_in(binaries, staging.path(), superuser).await?;
            copy(binaries, &made, data_dir).await
        }
    }
}

/// Returns the template for this superuser and account, after creating it if it is missing. Returns `None` on errors (a
/// read-only cache, programs that were not downloaded), because the template is only an optimization.
async fn template(binaries: &PostgresBinaries, superuser: &str) -> Option<PathBuf> {
    let home = binaries.home()?;
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'_';
    if !superuser.bytes().all(plain) {
        return None;
    }
    let uid = binaries.run_as().map_or_else(run_as::own_uid, RunAs::uid);
    let home_name = home.file_name()?.to_str()?;
    let name = format!("{home_name}-{FORMAT}-{superuser}-{uid}");
    let template = home.with_file_name(name);
    if !template.exists() {
        let made = make(binaries, home.parent()?, &template, superuser).await;
        made.inspect_err(
            |error| tracing::debug!(%error, "cannot create a template of a data directory"),
        )
        .ok()?;
    }
    Some(template)
}

/// Creates the template beside its final path, then renames it.
async fn make(
    binaries: &PostgresBinaries,
    shelf: &Path,
    template: &Path,
    superuser: &str,
) -> Result<(), PostgresError> {
    let _lock = fetch::lock(shelf, &|_| {}).await?;
    if template.exists() {
        return Ok(());
    }
    cache::sweep(shelf);
    let staging = TempDir::with_prefix_in(".initialising-", shelf)
        .map_err(PostgresError::file("write to", shelf))?;
    let data_dir = make_in(binaries, staging.path(), superuser).await?;
    fs::rename(&data_dir, template).map_err(PostgresError::file("create", template))
}

/// Creates a data directory in `staging`, which every account can enter but not list; returns its path.
async fn make_in(
    binaries: &PostgresBinaries,
    staging: &Path,
    superuser: &str,
) -> Result<PathBuf, PostgresError> {
    fs::set_permissions(staging, fs::Permissions::from_mode(0o711))
        .map_err(PostgresError::file("open", staging))?;
    let data_dir = staging.join("data");
    fs::create_dir(&data_dir).map_err(PostgresError::file("create", &data_dir))?;
    initdb(binaries, &data_dir, superuser).await?;
    Ok(data_dir)
}

/// Runs `initdb` on an empty directory, which the server's account owns afterwards. `initdb` rejects user IDs that
/// `/etc/passwd` does not list, so a root process runs it as a listed account.
async fn initdb(
    binaries: &PostgresBinaries,
    data_dir: &Path,
    superuser: &str,
) -> Result<(), PostgresError> {
    let Some(server) = binaries.run_as() else {
        return run_initdb(binaries, None, (data_dir, superuser)).await;
    };
    let listed = RunAs::listed();
    let given = |error| PostgresError::file("change the owner of", data_dir)(error);
    listed.own(data_dir).map_err(given)?;
    run_initdb(binaries, Some(&listed), (data_dir, superuser)).await?;
    server.own_tree(data_dir).map_err(given)
}

async fn run_initdb(
    binaries: &PostgresBinaries,
    account: Option<&RunAs>,
    (data_dir, superuser): (&Path, &str),
) -> Result<(), PostgresError> {
    let path = binaries.program("initdb");
    let mut command = crate::program::command(&path, account);
    command
        .arg("--pgdata")
        .arg(data_dir)
        .arg("--username")
        .arg(superuser);
    command.args([
        "--auth=trust",
        "--encoding=UTF8",
        "--locale=C",
        "--no-sync",
        "--no-instructions",
    ]);
    program::run(path, command).await.map(drop)
}

/// Copies as the server's account, which then owns the copy.
async fn copy(
    binaries: &PostgresBinaries,
    template: &Path,
    data_dir: &Path,
) -> Result<(), PostgresError> {
    let path = PathBuf::from("cp");
    let mut command = crate::program::command(&path, binaries.run_as());
    command.arg("-Rp").arg(template.join(".")).arg(data_dir);
    program::run(path, command).await.map(drop)
}
