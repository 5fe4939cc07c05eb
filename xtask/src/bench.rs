//! `cargo xtask bench`: what the proxy and the policy engine cost, against what people use today, in one run on one machine.
//!
//! Machines differ and are shared, so only ratios count. Subjects take turns within each round, medians of the rounds are
//! told, and CPU time and socket calls stand beside throughput because they are steadier.

mod child;
mod folder;
mod opensearch;
mod options;
mod policy;
mod postgres;
mod procfs;
mod report;
mod statistics;

pub(crate) use child::Process;
pub(crate) use procfs::own_memory;
pub(crate) use statistics::median;

use crate::failure::Failure;
use crate::{process, progress, workspace};
use options::Options;
use report::Report;

/// Measures the side that is named.
pub(crate) fn run(arguments: &[String]) -> Result<(), Failure> {
    let (side, rest) = arguments.split_first().ok_or_else(unnamed)?;
    let measure: fn(&Options) -> Result<Report, Failure> = match side.as_str() {
        "postgres" => postgres::run,
        "opensearch" => opensearch::run,
        "policy" => policy::run,
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
    Failure::usage("what is to be measured?")
        .remedy("`cargo xtask bench postgres`, `opensearch` or `policy`")
}

/// Builds the proxy as it ships, by itself: features of other packages must not be in it.
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

/// Builds a program that only starts a server, as the tests build it.
fn build_starter(name: &str) -> Result<(), Failure> {
    progress::note("building the server's starter");
    let starter = ["build", "--locked", "--package", "interop", "--bin", name];
    process::run(workspace::cargo().args(starter))
}
