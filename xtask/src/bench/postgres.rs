//! The PostgreSQL proxy compared with no proxy, a minimal relay, and PgBouncer.

mod idle;
mod measure;
mod pgbench;
mod start;
mod subjects;
mod syscalls;

use super::options::Options;
use super::report::Report;
use crate::failure::Failure;
use crate::{prepare, progress};
use subjects::Subjects;

/// The program that starts the database.
const STARTER: &str = "tls-postgres";
/// A minimal relay, for comparison.
const PLAIN_RELAY: [&str; 4] = ["--package", "irsa-net", "--example", "plain-relay"];

/// Runs all benchmarks of the PostgreSQL side.
pub(super) fn run(options: &Options) -> Result<Report, Failure> {
    for program in ["pgbench", "pgbouncer"] {
        prepare::program(program)?;
    }
    if options.build {
        super::build_irsa(&PLAIN_RELAY)?;
        super::build_starter("--bin", STARTER)?;
    }
    let subjects = progress::timed(
        "start PostgreSQL, PgBouncer, a minimal relay and irsa",
        || Subjects::start(&options.irsa),
    )?;
    let mut report = Report::default();
    measure::queries(&subjects, options, &mut report)?;
    measure::connects(&subjects, options, &mut report)?;
    syscalls::count(&subjects, &mut report);
    idle::memory(&subjects, &mut report)?;
    start::to_listening(&subjects, &mut report)?;
    Ok(report)
}
