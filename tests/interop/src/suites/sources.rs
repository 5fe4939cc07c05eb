//! The sources of a suite, and its builds.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use crate::Error;
use crate::client::folder_with_server;
use crate::server::cache_folder;

/// Libraries that every suite is linked with; the suites' makefiles expect them to be built.
const LIBRARIES: [&str; 3] = ["src/port", "src/common", "src/interfaces/libpq"];

/// Maximum number of bytes that are shown of a failed program's output.
const SHOWN: usize = 4_000;

/// Returns a directory for building `name`, which is kept for the next run.
pub(super) fn build_folder(name: &str) -> Result<PathBuf, Error> {
    let folder = cache_folder()?.join("suites").join(name);
    fs::create_dir_all(&folder)?;
    Ok(folder)
}

/// Returns the source directory, if it has this file.
pub(super) fn checked(source: &Path, file: &str) -> Result<PathBuf, Error> {
    let source = fs::canonicalize(source)?;
    if source.join(file).is_file() {
        return Ok(source);
    }
    let shown = source.display();
    Err(format!("`{shown}` has no `{file}`: give the root of the project's sources").into())
}

/// Runs a step of a build.
pub(super) fn build(command: &mut Command) -> Result<(), Error> {
    let output = command.stdin(Stdio::null()).output()?;
    if output.status.success() {
        return Ok(());
    }
    let said = [output.stdout, output.stderr].concat();
    let tail = said.get(said.len().saturating_sub(SHOWN)..);
    let said = String::from_utf8_lossy(tail.unwrap_or_default()).into_owned();
    Err(format!("{command:?} failed: {}\n{said}", output.status).into())
}

/// Returns the program directory of an installed PostgreSQL with the major version of the sources.
pub(super) fn installed_server(source: &Path) -> Result<PathBuf, Error> {
    let programs = folder_with_server("psql").ok_or("a PostgreSQL server must be installed")?;
    let output = Command::new(programs.join("postgres"))
        .arg("--version")
        .output()?;
    let installed = String::from_utf8_lossy(&output.stdout).into_owned();
    let configure = fs::read_to_string(source.join("configure"))?;
    let wanted = configure
        .lines()
        .find_map(|line| line.strip_prefix("PACKAGE_VERSION='"))
        .and_then(|version| version.split(['.', '\'']).next())
        .ok_or("`configure` has no version")?;
    if installed.contains(&format!(" {wanted}.")) {
        return Ok(programs);
    }
    let installed = installed.trim();
    Err(
        format!("the sources have version {wanted}, but the installed PostgreSQL is `{installed}`")
            .into(),
    )
}

/// Configures PostgreSQL's sources in a separate directory and runs make in `folder`.
pub(super) fn postgres_build(
    source: &Path,
    folder: &str,
    progress: &dyn Fn(&str),
) -> Result<PathBuf, Error> {
    let build_folder = build_folder("postgres")?;
    let made_from = build_folder.join("made-from");
    let version = fs::read(source.join("configure"))?;
    if !fs::read(&made_from).is_ok_and(|made| made == version) {
        progress("configuring PostgreSQL's sources");
        fs::remove_dir_all(&build_folder)?;
        fs::create_dir_all(&build_folder)?;
        let mut configure = Command::new(source.join("configure"));
        configure
            .args([
                "--quiet",
                "--without-readline",
                "--without-icu",
                "--with-openssl",
            ])
            .current_dir(&build_folder);
        build(&mut configure)?;
        fs::write(&made_from, version)?;
    }
    progress(&format!("building `{folder}` of PostgreSQL"));
    for part in LIBRARIES.into_iter().chain([folder]) {
        let mut make = Command::new("make");
        make.args(["-s", "-j2", "-C", part])
            .current_dir(&build_folder);
        build(&mut make)?;
    }
    Ok(build_folder)
}
