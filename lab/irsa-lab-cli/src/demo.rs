//! `irsa-lab demo`: the chain at work and under attack.

use std::cell::RefCell;
use std::process::ExitCode;

use irsa_cli::{Failure, Output, Progress, output, runtime};
use irsa_demo::{DemoOptions, DemoReport};

use crate::cli::DemoArgs;
use crate::{irsa_program, programs};

/// Runs the demo and prints its report.
pub(crate) fn run(args: DemoArgs) -> Result<ExitCode, Failure> {
    let program = irsa_program::find(args.irsa)?;
    let progress = Progress::start();
    let cache_dir = programs::cache_folder(args.programs.cache_dir.clone())?;
    let left_out = RefCell::new(None);
    let report = runtime::control()?.block_on(async {
        let tell = |why: &str| {
            left_out.replace(Some(why.to_owned()));
        };
        let options = DemoOptions {
            opensearch: programs::opensearch(&args.programs, tell).await?,
            program,
            postgres_bin: args.programs.postgres_bin,
            java_home: args.programs.java_home,
            cache_dir,
            applications: args.full,
            progress: progress.reporter(),
        };
        irsa_demo::run(options).await.map_err(Failure::other)
    });
    progress.finish();
    let report = report?;
    show(&report, args.output)?;
    if let Some(why) = left_out.take() {
        anstream::eprintln!("{why}");
    }
    Ok(if report.is_as_expected() {
        ExitCode::SUCCESS
    } else {
        ExitCode::FAILURE
    })
}

fn show(report: &DemoReport, output: Output) -> Result<(), Failure> {
    match output {
        Output::Text => output::colored(&report.text()),
        Output::Json => output::line(&serde_json::to_string(report).map_err(Failure::other)?),
    }
}
