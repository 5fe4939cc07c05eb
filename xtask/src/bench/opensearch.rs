//! The OpenSearch proxy against no signature at all, and against clients that sign for themselves.
//!
//! All lead to one server that answers at once and always the same, so that what is measured is the way there.

mod clients;
mod latency;
mod memory;
mod subjects;

use super::options::Options;
use super::report::Report;
use crate::failure::Failure;
use crate::{prepare, progress};
use subjects::Subjects;

/// The program that starts the server.
const SERVER: [&str; 4] = ["--package", "interop", "--bin", "fixed-opensearch"];

/// Measures everything of the OpenSearch side.
pub(super) fn run(options: &Options) -> Result<Report, Failure> {
    for program in ["curl", "wrk"] {
        prepare::program(program)?;
    }
    let programs = prepare::Clients::folder()?;
    prepare::clients(&programs)?;
    if options.build {
        super::build_irsa(&[])?;
        // At the tests' level of optimization the server would be the bottleneck.
        super::build_release(&SERVER)?;
    }
    let subjects = progress::timed("start the server and irsa", Subjects::start)?;
    let mut report = Report::default();
    // First: the kernel keeps the peak of the process's whole life.
    memory::measure(&subjects, &mut report)?;
    latency::measure(&subjects, options, &mut report)?;
    clients::measure(&subjects, &programs, options, &mut report)?;
    Ok(report)
}
