//! `cargo xtask guides`: writes the fault tables in `docs/guides` from a run.

use std::process::Command;

use crate::failure::Failure;
use crate::{prepare, process, progress, workspace};

const GUIDES: [&str; 4] = ["keycloak", "operate", "web-modeler", "zeebe"];

/// Breaks each link under the applications of the given guides (all by default) and writes their errors into the
/// guides.
pub(crate) fn run(guides: &[String]) -> Result<(), Failure> {
    if let Some(unknown) = guides.iter().find(|name| !GUIDES.contains(&name.as_str())) {
        let known = GUIDES.join(", ");
        return Err(Failure::usage(format!("unknown guide `{unknown}`")).remedy(known));
    }
    for program in ["javac", "mvn"] {
        prepare::program(program)?;
    }
    progress::note("building irsa and the applications; all tables take about ten minutes");
    workspace::build(&["--bin", "irsa", "--bin", "fault-tables"])?;
    let mut command = Command::new(workspace::target().join("debug/fault-tables"));
    command
        .args(guides)
        .env("IRSA_CACHE_DIR", workspace::cache()?);
    process::run(&mut command)
}
