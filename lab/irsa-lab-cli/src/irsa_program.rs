//! The `irsa` program that the demo runs.

use std::env;
use std::path::{Path, PathBuf};
use std::process::Command;

use irsa_cli::{Failure, shown};

const NAME: &str = "irsa";
/// The version that `irsa` must have: this program's.
const VERSION: &str = env!("CARGO_PKG_VERSION");

/// Returns the program `given`, else the one beside this program, else the one in PATH.
///
/// # Errors
/// The program is missing, or it has a different version.
pub(crate) fn find(given: Option<PathBuf>) -> Result<PathBuf, Failure> {
    let program = given
        .or_else(beside_this_program)
        .or_else(in_path)
        .ok_or_else(|| Failure::Other {
            message: "`irsa` is neither beside `irsa-lab` nor in PATH".to_owned(),
            remedy: Some("install it, or give its path with --irsa PATH".to_owned()),
        })?;
    let version = version(&program)?;
    if version == VERSION {
        return Ok(program);
    }
    let path = shown(&program);
    Err(Failure::Other {
        message: format!("`{path}` has version {version}, but irsa-lab has version {VERSION}"),
        remedy: Some(format!("give the path of irsa {VERSION} with --irsa PATH")),
    })
}

fn beside_this_program() -> Option<PathBuf> {
    let program = env::current_exe().ok()?.with_file_name(NAME);
    program.is_file().then_some(program)
}

fn in_path() -> Option<PathBuf> {
    let folders = env::var_os("PATH")?;
    env::split_paths(&folders)
        .map(|folder| folder.join(NAME))
        .find(|program| program.is_file())
}

/// Returns the version that `irsa --version` prints after the name.
fn version(program: &Path) -> Result<String, Failure> {
    let failed = |why: String| Failure::Other {
        message: format!("`{} --version` failed: {why}", shown(program)),
        remedy: Some("give the path of `irsa` with --irsa PATH".to_owned()),
    };
    let output = Command::new(program)
        .arg("--version")
        .output()
        .map_err(|error| failed(error.to_string()))?;
    if !output.status.success() {
        return Err(failed(output.status.to_string()));
    }
    let printed = String::from_utf8_lossy(&output.stdout);
    let mut words = printed.split_whitespace();
    match (words.next(), words.next()) {
        (Some(NAME), Some(version)) => Ok(version.to_owned()),
        _ => Err(failed("it did not print a version of irsa".to_owned())),
    }
}
