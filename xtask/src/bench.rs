//! `cargo xtask bench`: what the proxy costs, against what people use today, in one run on one machine.
//!
//! Machines differ and are shared, so only ratios count. Subjects take turns within each round, medians are
//! compared, and CPU time and socket calls stand beside throughput because they are steadier.

mod child;
mod folder;
mod idle;
mod measure;
mod options;
mod pgbench;
mod procfs;
mod report;
mod start;
mod subjects;
mod syscalls;

use crate::failure::Failure;
use crate::{prepare, process, progress, workspace};
use options::Options;
use report::Report;
use subjects::Subjects;

/// Measures the subject that is named: `postgres` is the one there is.
pub(crate) fn run(arguments: &[String]) -> Result<(), Failure> {
    let Some((_, rest)) = arguments
        .split_first()
        .filter(|(name, _)| *name == "postgres")
    else {
        return Err(
            Failure::usage("what is to be measured?").remedy("`cargo xtask bench postgres`")
        );
    };
    if let Some(options) = Options::parse(rest)? {
        postgres(&options)
    } else {
        println!("{}", options::HELP);
        Ok(())
    }
}

fn postgres(options: &Options) -> Result<(), Failure> {
    for program in ["pgbench", "pgbouncer"] {
        prepare::program(program)?;
    }
    if options.build {
        build()?;
    }
    let subjects = progress::timed("start PostgreSQL, pgbouncer and irsa", Subjects::start)?;
    let mut report = Report::default();
    measure::queries(&subjects, options, &mut report)?;
    measure::connects(&subjects, options, &mut report)?;
    syscalls::count(&subjects, &mut report);
    idle::memory(&subjects, &mut report)?;
    start::to_listening(&subjects, &mut report)?;
    if options.json {
        report.print_json();
    } else {
        report.print_table();
    }
    Ok(())
}

/// The proxy as it ships; the server's starter as the tests build it.
fn build() -> Result<(), Failure> {
    progress::note("building irsa (release) and the server's starter");
    process::run(workspace::cargo().args(["build", "--locked", "--release", "--package", "irsa"]))?;
    process::run(workspace::cargo().args([
        "build",
        "--locked",
        "--package",
        "interop",
        "--bin",
        "tls-postgres",
    ]))
}
