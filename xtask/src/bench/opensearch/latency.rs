//! The latency that the proxy adds, measured with wrk.

use super::subjects::Subjects;
use crate::bench::options::Options;
use crate::bench::procfs;
use crate::bench::report::{Bench, Report};
use crate::bench::statistics::median;
use crate::bench::wrk::{self, Load};
use crate::failure::Failure;
use crate::progress;

/// A search with a small result.
const SEARCH: &str = "/orders/_search?size=1";

/// The results of one turn.
struct Turn {
    load: Load,
    /// Microseconds of the proxy's CPU time for each request; 0 without a proxy.
    processor_time: f64,
}

/// Measures small searches with 1 and 16 clients: straight and unsigned, and through irsa.
pub(super) fn measure(
    subjects: &Subjects,
    options: &Options,
    report: &mut Report,
) -> Result<(), Failure> {
    for clients in [1, 16] {
        let case = format!("small search, {clients} by wrk");
        let turns = progress::timed(&case, || rounds(subjects, clients, options))?;
        add(&case, &turns, report);
    }
    Ok(())
}

fn rounds(subjects: &Subjects, clients: u32, options: &Options) -> Result<[Vec<Turn>; 2], Failure> {
    let direct = format!("https://{}{SEARCH}", subjects.server.dial);
    let proxied = format!("{}{SEARCH}", subjects.irsa);
    let mut turns = [Vec::new(), Vec::new()];
    for _ in 0..options.rounds {
        turns[0].push(Turn {
            load: wrk::run(&direct, clients, options.seconds, None)?,
            processor_time: 0.0,
        });
        let before = procfs::processor_time(subjects.irsa_process)?;
        let load = wrk::run(&proxied, clients, options.seconds, None)?;
        let used = procfs::processor_time(subjects.irsa_process)? - before;
        turns[1].push(Turn {
            processor_time: used / (load.requests_per_second * f64::from(options.seconds)),
            load,
        });
    }
    Ok(turns)
}

fn add(case: &str, [direct, irsa]: &[Vec<Turn>; 2], report: &mut Report) {
    let of = |turns: &[Turn], value: fn(&Turn) -> f64| {
        median(&turns.iter().map(value).collect::<Vec<_>>())
    };
    let mut row = |name, unit, value: fn(&Turn) -> f64| {
        let bench = Bench {
            name,
            case: case.to_owned(),
            unit,
        };
        let (theirs, ours) = (of(direct, value), of(irsa, value));
        report.add(&bench, "direct", theirs, None);
        report.add(&bench, "irsa", ours, Some(("direct", ours / theirs)));
    };
    row("throughput", "requests/s", |turn| {
        turn.load.requests_per_second
    });
    row("p50", "ms", |turn| turn.load.p50);
    row("p99", "ms", |turn| turn.load.p99);
    let added = Bench {
        name: "added-p50",
        case: case.to_owned(),
        unit: "ms",
    };
    let difference = of(irsa, |turn| turn.load.p50) - of(direct, |turn| turn.load.p50);
    report.add(&added, "irsa", difference, None);
    let processor = Bench {
        name: "cpu",
        case: case.to_owned(),
        unit: "us/request",
    };
    report.add(
        &processor,
        "irsa",
        of(irsa, |turn| turn.processor_time),
        None,
    );
}
