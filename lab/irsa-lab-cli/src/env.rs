//! `irsa-lab env`: the environment that a workload's pod would have.

use std::path::Path;
use std::process::ExitCode;
use std::thread;
use std::time::{Duration, Instant};

use irsa_cli::{Failure, Mistakes, Output, output, shown};
use irsa_lab::facts::{FACTS_FILE, LabFacts, WorkloadFacts};

use crate::cli::EnvArgs;

/// The time between two looks for a lab that is starting.
const POLL_INTERVAL: Duration = Duration::from_millis(100);

/// Prints the environment of a workload, as shell exports or as JSON.
pub(crate) fn run(args: &EnvArgs, state_dir: &Path) -> Result<ExitCode, Failure> {
    let facts = if args.wait {
        wait_for_facts(state_dir, args)?
    } else {
        read_facts(state_dir)?
    };
    let workload = pick(&facts.workloads, args.workload.as_deref())?;
    output::line(&match args.output {
        Output::Text => irsa_lab::exports(workload).trim_end().to_owned(),
        Output::Json => serde_json::to_string(&workload.environment).map_err(Failure::other)?,
    })?;
    Ok(ExitCode::SUCCESS)
}

/// Waits until a lab has written its facts.
fn wait_for_facts(state_dir: &Path, args: &EnvArgs) -> Result<LabFacts, Failure> {
    let mut mistakes = Mistakes::default();
    let timeout = mistakes.timeout("--timeout", &args.timeout);
    let timeout = mistakes.or(timeout)?.unwrap_or_default();
    let begun = Instant::now();
    loop {
        match read_facts(state_dir) {
            Err(_) if begun.elapsed() < timeout => thread::sleep(POLL_INTERVAL),
            outcome => return outcome,
        }
    }
}

fn read_facts(state_dir: &Path) -> Result<LabFacts, Failure> {
    LabFacts::read(state_dir).map_err(|error| {
        let reason = std::error::Error::source(&error).map(ToString::to_string);
        let path = state_dir.join(FACTS_FILE);
        Failure::Other {
            message: format!(
                "no lab is described by `{}`: {}",
                shown(&path),
                reason.unwrap_or_else(|| error.to_string())
            ),
            remedy: Some("start one with `irsa-lab`, with the same --state-dir".to_owned()),
        }
    })
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
            remedy: Some(format!("it has {}", names.join(", "))),
        }
    })
}
