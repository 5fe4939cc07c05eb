//! What a suite is built from, and what is built of it.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use crate::Error;
use crate::client::folder_with_server;
use crate::server::cache_folder;

/// What every suite is linked with. Their own makefiles expect it to be there.
const LIBRARIES: [&str; 3] = ["src/port", "src/common", "src/interfaces/libpq"];

/// The end of a failed program's output that is shown, in bytes.
const SHOWN: usize = 4_000;

/// A folder to build `name` in, kept for the next run.
pub(super) fn build_folder(name: &str) -> Result<PathBuf, Error> {
    let folder = cache_folder()?.join("suites").join(name);
    fs::create_dir_all(&folder)?;
    Ok(folder)
}

/// The source folder, if it has this file.
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

/// The folder of an installed PostgreSQL's programs, which must have the major version of the sources.
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
        .ok_or("`configure` names no version")?;
    if installed.contains(&format!(" {wanted}.")) {
        return Ok(programs);
    }
    let installed = installed.trim();
    Err(
        format!("the sources are those of PostgreSQL {wanted}, and `{installed}` is installed")
            .into(),
    )
}

/// Configures PostgreSQL's sources in a folder of their own and makes what is in `folder` of them.
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
