//! `irsa lab`: the AWS side on this machine, in the foreground.

use std::fmt::Write;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use irsa_lab::facts::{FACTS_FILE, LabFacts, WorkloadFacts};
use irsa_lab::{Lab, LabOptions, World};

use super::signals::{StopSignal, StopSignals};
use super::{programs, runtime};
use crate::cli::{LabAction, LabArgs, Output};
use crate::exit::Failure;
use crate::output;
use crate::progress::Progress;
use crate::settings::{self, Mistakes, shown};

pub(crate) fn run(args: LabArgs, mistakes: Mistakes) -> Result<ExitCode, Failure> {
    let state_dir = args.state_dir.clone().unwrap_or_else(default_state_dir);
    match &args.action {
        Some(LabAction::Env { workload, output }) => {
            print_environment(&state_dir, workload.as_deref(), *output)
        }
        None => serve(args, &state_dir, mistakes),
    }
}

fn serve(args: LabArgs, state_dir: &Path, mut mistakes: Mistakes) -> Result<ExitCode, Failure> {
    let logs = settings::log_settings(args.logs, &mut mistakes);
    let session = args.session_duration.as_deref();
    let session = session.and_then(|life| mistakes.timeout("--session-duration", life));
    let world = mistakes.collect(world(args.world.as_deref()));
    let world = mistakes.or(world)?.unwrap_or_else(World::camunda_8_3);
    irsa_ops::logging::init(logs.format, &logs.level).map_err(Failure::other)?;
    let progress = Progress::new();
    let mut options = LabOptions::new(world);
    options.state_dir = Some(state_dir.to_owned());
    options.postgres_bin.clone_from(&args.programs.postgres_bin);
    options.java_home.clone_from(&args.programs.java_home);
    options.cache_dir = settings::cache_folder(args.programs.cache_dir.clone())?;
    options.session_seconds = session.map(|session| session.as_secs().max(1));
    options.progress = progress.teller();
    runtime::control()?.block_on(async {
        let mut signals = StopSignals::catch(None)?;
        let plays_domains = !options.world.domains().is_empty();
        options.opensearch = plays_domains
            && programs::opensearch(&args.programs, |why| tracing::warn!("{why}")).await?;
        let lab = tokio::select! {
            lab = Lab::start(options) => lab.map_err(Failure::other)?,
            signal = signals.received() => return Err(stopped_early(signal)),
        };
        progress.finish();
        // The lab is there, whether or not anybody reads where.
        let _ = output::line(&summary(lab.facts(), state_dir));
        signals.received().await;
        lab.stop().await;
        Ok(ExitCode::SUCCESS)
    })
}

fn stopped_early(signal: StopSignal) -> Failure {
    Failure::other(format!(
        "stopped by {} before the lab was up",
        signal.as_str()
    ))
}

fn world(file: Option<&Path>) -> Result<World, String> {
    let Some(file) = file else {
        return Ok(World::camunda_8_3());
    };
    let text = std::fs::read_to_string(file)
        .map_err(|error| format!("the world `{}` can't be read: {error}", shown(file)))?;
    World::from_yaml(&text).map_err(|error| format!("the world `{}`: {error}", shown(file)))
}

fn summary(facts: &LabFacts, state_dir: &Path) -> String {
    let mut text = String::new();
    for cluster in &facts.clusters {
        let _ = writeln!(
            text,
            "aurora     {}:{} at {}",
            cluster.endpoint, cluster.port, cluster.dial
        );
    }
    for domain in &facts.domains {
        let _ = writeln!(text, "opensearch {} at {}", domain.endpoint, domain.dial);
    }
    let _ = writeln!(text, "sts        {}", facts.sts.url);
    let _ = writeln!(
        text,
        "oidc       {} at {}",
        facts.oidc_issuer.url, facts.oidc_issuer.dial
    );
    let _ = writeln!(text, "imds       {}", facts.imds.url);
    let _ = writeln!(text, "agent      {}", facts.pod_identity_agent.url);
    let _ = writeln!(text, "admin      {}", facts.admin.url);
    let _ = writeln!(text, "facts      {}", state_dir.join(FACTS_FILE).display());
    let lab = if state_dir == default_state_dir() {
        "irsa lab".to_owned()
    } else {
        format!("irsa lab --state-dir '{}'", state_dir.display())
    };
    for workload in &facts.workloads {
        let _ = writeln!(
            text,
            "workload   eval \"$({lab} env --workload {})\"",
            workload.name
        );
    }
    text.push_str("Ctrl-C stops it");
    text
}

fn print_environment(
    state_dir: &Path,
    name: Option<&str>,
    output: Output,
) -> Result<ExitCode, Failure> {
    let facts = read_facts(state_dir)?;
    let workload = pick(&facts.workloads, name)?;
    output::line(&match output {
        Output::Text => irsa_lab::exports(workload).trim_end().to_owned(),
        Output::Json => serde_json::to_string(&workload.environment).map_err(Failure::other)?,
    })?;
    Ok(ExitCode::SUCCESS)
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
            remedy: Some("start one with `irsa lab`, with the same --state-dir".to_owned()),
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

fn default_state_dir() -> PathBuf {
    irsa_lab::default_state_dir(std::env::var_os("XDG_RUNTIME_DIR").as_deref())
}
