//! `cargo xtask guides`: the tables of broken links in `docs/guides`, from a run.

use crate::failure::Failure;
use crate::{process, progress, workspace};

/// Breaks each link under the applications of the guides that are named, of all without a name, and writes what was
/// said into them.
pub(crate) fn run(guides: &[String]) -> Result<(), Failure> {
    progress::note("building irsa and the applications; all tables take about ten minutes");
    let build = ["build", "--locked", "--package", "irsa"];
    process::run(workspace::cargo().args(build))?;
    let run = ["run", "--locked", "--package", "interop", "--bin"];
    let mut command = workspace::cargo();
    command
        .args(run)
        .args(["fault-tables", "--"])
        .args(guides)
        .env("IRSA_BIN", workspace::target().join("debug/irsa"))
        .env("IRSA_CACHE_DIR", workspace::cache()?);
    process::run(&mut command)
}
