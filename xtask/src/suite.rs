//! `cargo xtask test`: everything that CI runs, with whatever the machine lacks installed first.

mod artifacts;
mod counts;
mod test_run;
mod wall_time;

use std::time::Instant;

use crate::failure::Failure;
use crate::prepare::{self, Clients};
use crate::{lint, progress};
use wall_time::WallTime;

/// A part of the suite.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Stage {
    /// Installs programs and builds the clients in other languages.
    Prepare,
    /// Runs `cargo xtask lint`.
    Lint,
    /// Builds the workspace and runs all tests, including those with real clients.
    Cargo,
}

/// Runs all stages, or only the given one, and prints the wall time of each.
pub(crate) fn run(arguments: &[String]) -> Result<(), Failure> {
    let started = Instant::now();
    let stages = stages(arguments)?;
    let clients = Clients::folder()?;
    let mut times = WallTime::default();
    if stages.contains(&Stage::Prepare) {
        progress::heading("prepare");
        times.measure("prepare", || prepare::clients(&clients))?;
    }
    let mut outcome = Ok(());
    if stages.contains(&Stage::Lint) {
        progress::heading("lint");
        outcome = times.measure("lint", || lint::run(&[]));
    }
    let mut counts = None;
    if stages.contains(&Stage::Cargo) {
        progress::heading("cargo build");
        let artifacts = times.measure("build", artifacts::build)?;
        progress::heading("cargo test");
        let tests = times.measure("tests", || test_run::run(&clients, artifacts))?;
        times.add_parts(tests.binaries);
        counts = Some(tests.counts);
        outcome = tests.outcome.and(outcome);
    }
    times.add("total", started.elapsed());
    progress::say(&format!("\nwall time:\n{times}"));
    // CI reads the counts from the last line.
    if let Some(counts) = counts {
        progress::say(&format!("tests: {counts}"));
    }
    outcome
}

fn stages(arguments: &[String]) -> Result<Vec<Stage>, Failure> {
    match arguments {
        [] => Ok(vec![Stage::Prepare, Stage::Lint, Stage::Cargo]),
        [name] => match name.as_str() {
            "prepare" => Ok(vec![Stage::Prepare]),
            "lint" => Ok(vec![Stage::Lint]),
            "cargo" => Ok(vec![Stage::Cargo]),
            _ => Err(Failure::usage(format!("unknown stage `{name}`"))
                .remedy("use prepare, lint or cargo, or leave it out to run all of them")),
        },
        _ => Err(Failure::usage("more than one stage is given")
            .remedy("name one stage, or leave it out to run all of them")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn unknown_stages_are_rejected() {
        assert!(stages(&["unit".to_owned()]).is_err());
        assert_eq!(stages(&["lint".to_owned()]).unwrap(), [Stage::Lint]);
    }
}
