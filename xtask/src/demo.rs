//! `cargo xtask demo`: the demo from a bare clone.

use std::process::Command;

use crate::failure::Failure;
use crate::{process, progress, workspace};

/// Builds `irsa` and `irsa-lab`, and runs `irsa-lab demo` with the given arguments.
pub(crate) fn run(arguments: &[String]) -> Result<(), Failure> {
    progress::note("building irsa and irsa-lab (a first build takes some minutes)");
    workspace::build_programs()?;
    let mut command = Command::new(workspace::target().join("debug/irsa-lab"));
    // PostgreSQL and OpenSearch run as a user other than root, and must be able to read the cache.
    command
        .arg("demo")
        .args(arguments)
        .env("IRSA_CACHE_DIR", workspace::cache()?);
    process::run(&mut command)
}
