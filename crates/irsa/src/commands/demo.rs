//! `irsa demo`: the chain shown and attacked, in one command.

use std::process::ExitCode;

use irsa_demo::{DemoOptions, DemoReport};

use super::runtime;
use crate::cli::{DemoArgs, Output};
use crate::exit::Failure;
use crate::output;
use crate::progress::Progress;
use crate::settings;

pub(crate) fn run(args: DemoArgs) -> Result<ExitCode, Failure> {
    let program = std::env::current_exe()
        .map_err(|error| Failure::other(format!("this program can't be found: {error}")))?;
    let progress = Progress::new();
    let options = DemoOptions {
        program,
        postgres_bin: args.programs.postgres_bin,
        cache_dir: Some(settings::cache_folder(args.programs.cache_dir)?),
        progress: progress.teller(),
    };
    let report = runtime::control()?.block_on(irsa_demo::run(options));
    progress.finish();
    let report = report.map_err(Failure::other)?;
    show(&report, args.output)?;
    Ok(if report.is_as_expected() {
        ExitCode::SUCCESS
    } else {
        ExitCode::FAILURE
    })
}

fn show(report: &DemoReport, output: Output) -> Result<(), Failure> {
    match output {
        Output::Text => anstream::print!("{}", report.text()),
        Output::Json => output::line(&serde_json::to_string(report).map_err(Failure::other)?),
    }
    Ok(())
}
