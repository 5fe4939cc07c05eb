//! The time from the start of the process until it listens.

use std::process::Stdio;
use std::time::Instant;

use super::subjects::{self, Subjects};
use crate::bench::child::Process;
use crate::bench::report::{Bench, Report};
use crate::bench::statistics::median;
use crate::failure::Failure;
use crate::progress;

const STARTS: u32 = 10;

/// Starts `irsa proxy` several times; the line with its addresses ends each measurement.
pub(super) fn to_listening(subjects: &Subjects, report: &mut Report) -> Result<(), Failure> {
    let times: Result<Vec<f64>, Failure> = progress::timed("starts", || {
        (0..STARTS).map(|_| one_start(subjects)).collect()
    });
    let bench = Bench {
        name: "start-to-listening",
        case: format!("{STARTS} starts"),
        unit: "ms",
    };
    report.add(&bench, "irsa", median(&times?), None);
    Ok(())
}

fn one_start(subjects: &Subjects) -> Result<f64, Failure> {
    let mut command = subjects::irsa(&subjects.upstream, "");
    let started = Instant::now();
    let (process, _) =
        Process::start_and_listen(command.stdin(Stdio::null()).stderr(Stdio::null()))?;
    let milliseconds = started.elapsed().as_secs_f64() * 1e3;
    drop(process);
    Ok(milliseconds)
}
