//! Paths and commands: the clone, its crates, the cache outside of it.

use std::env;
use std::ffi::{OsStr, OsString};
use std::fs;
use std::os::unix::fs::MetadataExt as _;
use std::path::{Path, PathBuf};
use std::process::Command;

use serde_json::Value;

use crate::failure::Failure;
use crate::process;

/// The root of the clone.
pub(crate) fn root() -> &'static Path {
    let xtask = Path::new(env!("CARGO_MANIFEST_DIR"));
    xtask.parent().unwrap_or(xtask)
}

/// Returns the directory for downloads and prepared clients, the same as that of `irsa-lab`: `IRSA_CACHE_DIR`,
/// otherwise /var/cache for root (servers that do not run as root must be able to read it), otherwise the user's cache.
pub(crate) fn cache() -> Result<PathBuf, Failure> {
    let absolute = |name: &str| {
        env::var_os(name)
            .map(PathBuf::from)
            .filter(|path| path.is_absolute())
    };
    let given = env::var_os("IRSA_CACHE_DIR").filter(|folder| !folder.is_empty());
    if let Some(folder) = given.map(PathBuf::from) {
        // Absolute, because programs that are started from here run in other directories.
        return std::path::absolute(&folder).map_err(Failure::file(&folder));
    }
    if is_root() {
        return Ok(PathBuf::from("/var/cache/irsa"));
    }
    let user =
        absolute("XDG_CACHE_HOME").or_else(|| absolute("HOME").map(|home| home.join(".cache")));
    user.map(|folder| folder.join("irsa")).ok_or_else(|| {
        Failure::new("no directory for the cache: HOME is not set")
            .remedy("set `IRSA_CACHE_DIR` to a directory")
    })
}

/// Returns whether this process is root.
pub(crate) fn is_root() -> bool {
    fs::metadata("/proc/self").is_ok_and(|own| own.uid() == 0)
}

/// The directory that cargo builds into.
pub(crate) fn target() -> PathBuf {
    env::var_os("CARGO_TARGET_DIR")
        .map_or_else(|| root().join("target"), |folder| root().join(folder))
}

/// Returns the cargo that runs this task, in the clone.
pub(crate) fn cargo() -> Command {
    let mut command = Command::new(env::var_os("CARGO").unwrap_or_else(|| OsString::from("cargo")));
    command.current_dir(root());
    for (name, _) in env::vars_os().filter(|(name, _)| is_of_this_package(name)) {
        command.env_remove(name);
    }
    command
}

/// Returns whether cargo set a variable to describe this package. The build script of `ring` runs again when they
/// change, so that a build by a task and one on the command line would each compile everything that uses TLS.
fn is_of_this_package(variable: &OsStr) -> bool {
    let name = variable.to_string_lossy();
    name.starts_with("CARGO_PKG_") || name.starts_with("CARGO_MANIFEST_")
}

/// Builds `irsa` and `irsa-lab` with the test profile into `debug/` of [`target`].
pub(crate) fn build_programs() -> Result<(), Failure> {
    build(&["--bin", "irsa", "--bin", "irsa-lab"])
}

/// Builds targets with the test profile into `debug/` of [`target`].
///
/// `--workspace` selects the features of dependencies as `cargo test --workspace` does. With `--package`, cargo would
/// compile many dependencies a second time, with fewer features.
pub(crate) fn build(targets: &[&str]) -> Result<(), Failure> {
    process::run(
        cargo()
            .args(["build", "--workspace", "--locked"])
            .args(targets),
    )
}

/// Returns the output of `cargo metadata` for x86-64 Linux.
pub(crate) fn metadata() -> Result<Value, Failure> {
    let mut command = cargo();
    command.args([
        "metadata",
        "--format-version",
        "1",
        "--locked",
        "--filter-platform",
        "x86_64-unknown-linux-gnu",
    ]);
    let text = process::capture(&mut command)?;
    serde_json::from_str(&text).map_err(|error| Failure::new(format!("cargo metadata: {error}")))
}
