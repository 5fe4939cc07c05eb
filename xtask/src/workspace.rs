//! Where things are: the clone, its crates, the cache outside of it.

use std::env;
use std::ffi::OsString;
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

/// Where downloads and prepared clients are kept, as `irsa-lab` does it: `IRSA_CACHE_DIR`, for root the machine's
/// cache (servers that refuse root must reach it), else the user's.
pub(crate) fn cache() -> Result<PathBuf, Failure> {
    let absolute = |name: &str| {
        env::var_os(name)
            .map(PathBuf::from)
            .filter(|path| path.is_absolute())
    };
    let given = env::var_os("IRSA_CACHE_DIR").filter(|folder| !folder.is_empty());
    if let Some(folder) = given.map(PathBuf::from) {
        // What is started from here starts in other folders.
        return std::path::absolute(&folder).map_err(Failure::file(&folder));
    }
    if is_root() {
        return Ok(PathBuf::from("/var/cache/irsa"));
    }
    let user =
        absolute("XDG_CACHE_HOME").or_else(|| absolute("HOME").map(|home| home.join(".cache")));
    user.map(|folder| folder.join("irsa")).ok_or_else(|| {
        Failure::new("there is no home folder to keep a cache in")
            .remedy("set `IRSA_CACHE_DIR` to a folder")
    })
}

/// Whether this process is root.
pub(crate) fn is_root() -> bool {
    fs::metadata("/proc/self").is_ok_and(|own| own.uid() == 0)
}

/// The folder that cargo builds into.
pub(crate) fn target() -> PathBuf {
    env::var_os("CARGO_TARGET_DIR")
        .map_or_else(|| root().join("target"), |folder| root().join(folder))
}

/// The cargo that runs this task, to be run in the clone.
pub(crate) fn cargo() -> Command {
    let mut command = Command::new(env::var_os("CARGO").unwrap_or_else(|| OsString::from("cargo")));
    command.current_dir(root());
    command
}

/// Builds `irsa` and `irsa-lab` as the tests do, into `debug/` of [`target`].
pub(crate) fn build_programs() -> Result<(), Failure> {
    let mut command = cargo();
    command.args(["build", "--locked"]);
    command.args(["--package", "irsa", "--package", "irsa-lab-cli"]);
    process::run(&mut command)
}

/// What `cargo metadata` says, for the platform of this machine's kind.
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
