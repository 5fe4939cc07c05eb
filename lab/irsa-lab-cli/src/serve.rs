//! `irsa-lab` without a command: the lab in the foreground.

use std::fmt::Write;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use irsa_cli::signals::{StopSignal, StopSignals};
use irsa_cli::{Failure, LogSettings, Mistakes, Progress, output, runtime, shown};
use irsa_lab::facts::{FACTS_FILE, LabFacts};
use irsa_lab::{Lab, LabOptions, World};

use crate::cli::ServeArgs;
use crate::programs;

/// Runs a lab until SIGTERM or SIGINT.
pub(crate) fn run(args: ServeArgs, state_dir: &Path) -> Result<ExitCode, Failure> {
    let mut mistakes = Mistakes::default();
    let logs = LogSettings::from_args(args.logs, &mut mistakes);
    let session = args.session_duration.as_deref();
    let session = session.and_then(|life| mistakes.timeout("--session-duration", life));
    let world = mistakes.collect(world(args.world.as_deref()));
    let world = mistakes.or(world)?.unwrap_or_else(World::camunda_8_3);
    logs.start()?;
    let progress = Progress::start();
    let mut options = LabOptions::new(world);
    options.state_dir = Some(state_dir.to_owned());
    options.postgres_bin.clone_from(&args.programs.postgres_bin);
    options.java_home.clone_from(&args.programs.java_home);
    options.cache_dir = programs::cache_folder(args.programs.cache_dir.clone())?;
    options.session_seconds = session.map(|session| session.as_secs().max(1));
    options.progress = progress.reporter();
    runtime::control()?.block_on(async {
        let mut signals = StopSignals::catch_stops()?;
        let plays_domains = !options.world.domains().is_empty();
        options.opensearch = plays_domains
            && programs::opensearch(&args.programs, |why| tracing::warn!("{why}")).await?;
        let lab = tokio::select! {
            lab = Lab::start(options) => lab.map_err(Failure::other)?,
            signal = signals.received() => return Err(stopped_early(signal)),
        };
        progress.finish();
        // The lab runs even if its output cannot be written.
        let _ = output::line(&summary(lab.facts(), state_dir));
        signals.received().await;
        lab.stop().await;
        Ok(ExitCode::SUCCESS)
    })
}

fn stopped_early(signal: StopSignal) -> Failure {
    Failure::other(format!(
        "stopped by {} before the lab had started",
        signal.as_str()
    ))
}

fn world(file: Option<&Path>) -> Result<World, String> {
    let Some(file) = file else {
        return Ok(World::camunda_8_3());
    };
    let text = std::fs::read_to_string(file)
        .map_err(|error| format!("cannot read the world `{}`: {error}", shown(file)))?;
    World::from_yaml(&text)
        .map_err(|error| format!("the world `{}` is invalid: {error}", shown(file)))
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
    let _ = writeln!(text, "secrets    {}", facts.secrets_manager.url);
    let _ = writeln!(text, "imds       {}", facts.imds.url);
    let _ = writeln!(text, "agent      {}", facts.pod_identity_agent.url);
    let _ = writeln!(text, "admin      {}", facts.admin.url);
    let _ = writeln!(text, "facts      {}", state_dir.join(FACTS_FILE).display());
    let environment = if state_dir == default_state_dir() {
        "irsa-lab env".to_owned()
    } else {
        format!("irsa-lab env --state-dir '{}'", state_dir.display())
    };
    for workload in &facts.workloads {
        let _ = writeln!(
            text,
            "workload   eval \"$({environment} --workload {})\"",
            workload.name
        );
    }
    text.push_str("Ctrl-C stops it");
    text
}

/// The default state directory.
pub(crate) fn default_state_dir() -> PathBuf {
    irsa_lab::default_state_dir(std::env::var_os("XDG_RUNTIME_DIR").as_deref())
}
