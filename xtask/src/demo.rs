//! `cargo xtask demo`: the chain shown and attacked, from a bare clone.

use crate::failure::Failure;
use crate::{process, progress, workspace};

/// Builds `irsa` and runs `irsa demo` with the arguments given.
pub(crate) fn run(arguments: &[String]) -> Result<(), Failure> {
    progress::note("building irsa (a first build takes some minutes)");
    let mut command = workspace::cargo();
    command
        .args([
            "run",
            "--locked",
            "--package",
            "irsa",
            "--bin",
            "irsa",
            "--",
            "demo",
        ])
        .args(arguments);
    // A cache that servers which refuse root can reach.
    command.env("IRSA_CACHE_DIR", workspace::cache()?);
    process::run(&mut command)
}
