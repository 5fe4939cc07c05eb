//! `irsa-lab env`: the environment of a workload's pod.

use std::path::Path;
use std::process::ExitCode;
use std::time::Duration;

use irsa_cli::{Failure, Mistakes, Output, output, runtime};
use irsa_lab::LabError;
use irsa_lab::facts::{LabFacts, WorkloadFacts};

use crate::cli::EnvArgs;

/// Prints the environment of a workload, as shell exports or as JSON.
pub(crate) fn run(args: &EnvArgs, state_dir: &Path) -> Result<ExitCode, Failure> {
    let facts = match limit(args)? {
        Some(limit) => runtime::control()?.block_on(LabFacts::wait(state_dir, limit)),
        None => LabFacts::read(state_dir),
    };
    let facts = facts.map_err(no_lab)?;
    let workload = pick(&facts.workloads, args.workload.as_deref())?;
    output::line(&match args.output {
        Output::Text => irsa_lab::exports(workload).trim_end().to_owned(),
        Output::Json => serde_json::to_string(&workload.environment).map_err(Failure::other)?,
    })?;
    Ok(ExitCode::SUCCESS)
}

/// Returns the time to wait for a lab, if `--wait` is given.
fn limit(args: &EnvArgs) -> Result<Option<Duration>, Failure> {
    let mut mistakes = Mistakes::default();
    let limit = mistakes.timeout("--timeout", &args.timeout);
    let limit = mistakes.or(limit)?;
    Ok(limit.filter(|_| args.wait))
}

fn no_lab(error: LabError) -> Failure {
    let remedy = "start one with `irsa-lab` and the same --state-dir".to_owned();
    match Failure::other(error) {
        Failure::Other { message, .. } => Failure::Other {
            message: format!("no lab is running: {message}"),
            remedy: Some(remedy),
        },
        failure => failure,
    }
}

fn pick<'a>(
    workloads: &'a [WorkloadFacts],
    name: Option<&str>,
) -> Result<&'a WorkloadFacts, Failure> {
    let found = match name {
        Some(name) => workloads.iter().find(|workload| workload.name == name),
        None => workloads.first(),
    };
    found.ok_or_else(|| {
        let names: Vec<_> = workloads
            .iter()
            .map(|workload| workload.name.as_str())
            .collect();
        Failure::Other {
            message: format!("the lab has no workload `{}`", name.unwrap_or_default()),
            remedy: Some(format!("use one of {}", names.join(", "))),
        }
    })
}
