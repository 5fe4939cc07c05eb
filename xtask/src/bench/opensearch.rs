//! The OpenSearch proxy compared with unsigned requests and with clients that sign.
//!
//! All requests go to a server that always sends the same response immediately, so that only the path to it is
//! measured.

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

/// Runs all benchmarks of the OpenSearch side.
pub(super) fn run(options: &Options) -> Result<Report, Failure> {
    for program in ["curl", "wrk"] {
        prepare::program(program)?;
    }
    let programs = prepare::Clients::folder()?;
    prepare::clients(&programs)?;
    if options.build {
        super::build_irsa(&[])?;
        // Built for release: with the test profile the server would be the bottleneck.
        super::build_release(&SERVER)?;
    }
    let subjects = progress::timed("start the server and irsa", || {
        Subjects::start(&options.irsa)
    })?;
    let mut report = Report::default();
    // Memory first: the kernel keeps the peak for the whole life of the process.
    memory::measure(&subjects, &mut report)?;
    latency::measure(&subjects, options, &mut report)?;
    clients::measure(&subjects, &programs, options, &mut report)?;
    Ok(report)
}
