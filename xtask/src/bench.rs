//! `cargo xtask bench`: the cost of the proxy and the policy engine compared with the alternatives, in one run on one
//! machine.
//!
//! Machines differ and are shared, so only ratios are meaningful. Subjects take turns within each round, and the result
//! is the median of the rounds. CPU time and socket calls are reported beside throughput because they vary less.

mod child;
mod folder;
mod opensearch;
mod options;
mod policy;
mod postgres;
mod procfs;
mod report;
mod statistics;
mod webhook;
mod wrk;

pub(crate) use child::Process;
pub(crate) use procfs::own_memory;
pub(crate) use statistics::median;

use crate::failure::Failure;
use crate::{process, progress, workspace};
use options::Options;
use report::Report;

/// Runs the benchmarks of the given side.
pub(crate) fn run(arguments: &[String]) -> Result<(), Failure> {
    let (side, rest) = arguments.split_first().ok_or_else(unnamed)?;
    let measure: fn(&Options) -> Result<Report, Failure> = match side.as_str() {
        "postgres" => postgres::run,
        "opensearch" => opensearch::run,
        "policy" => policy::run,
        "webhook" => webhook::run,
        _ => return Err(unnamed()),
    };
    let Some(options) = Options::parse(rest)? else {
        println!("{}", options::HELP);
        return Ok(());
    };
    let report = measure(&options)?;
    if options.json {
        report.print_json();
    } else {
        report.print_table();
    }
    Ok(())
}

fn unnamed() -> Failure {
    Failure::usage("no side is given")
        .remedy("run `cargo xtask bench postgres`, `opensearch`, `policy` or `webhook`")
}

/// Builds the release binary without the features of other packages.
fn build_irsa(also: &[&str]) -> Result<(), Failure> {
    progress::note("building irsa (release)");
    build_release(&[&["--package", "irsa", "--bin", "irsa"], also].concat())
}

fn build_release(what: &[&str]) -> Result<(), Failure> {
    process::run(
        workspace::cargo()
            .args(["build", "--locked", "--release"])
            .args(what),
    )
}

/// Builds a program that starts a server, with the test profile.
fn build_starter(kind: &str, name: &str) -> Result<(), Failure> {
    progress::note("building the program that starts the server");
    workspace::build(&[kind, name])
}
