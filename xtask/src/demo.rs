//! `cargo xtask demo`: the chain shown and attacked, from a bare clone.

use std::process::Command;

use crate::failure::Failure;
use crate::{process, progress, workspace};

/// Builds `irsa` and `irsa-lab`, and runs `irsa-lab demo` with the arguments given.
pub(crate) fn run(arguments: &[String]) -> Result<(), Failure> {
    progress::note("building irsa and irsa-lab (a first build takes some minutes)");
    workspace::build_programs()?;
    let mut command = Command::new(workspace::target().join("debug/irsa-lab"));
    // A cache that servers which refuse root can reach.
    command
        .arg("demo")
        .args(arguments)
        .env("IRSA_CACHE_DIR", workspace::cache()?);
    process::run(&mut command)
}
