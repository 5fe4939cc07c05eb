//! Throughput and CPU time, in rounds in which all subjects take turns.

use super::pgbench::{self, Length, Turn};
use super::subjects::{Subject, Subjects};
use crate::bench::options::Options;
use crate::bench::procfs;
use crate::bench::report::{Bench, Report};
use crate::bench::statistics::{median, median_ratio};
use crate::failure::Failure;
use crate::progress;

/// The subject that ratios are relative to.
const DIRECT: &str = "direct";

/// The results of one subject in all rounds.
#[derive(Debug, Default)]
struct Samples {
    queries_per_second: Vec<f64>,
    /// Microseconds of the proxy's CPU time.
    processor_time_per_query: Vec<f64>,
}

/// Measures read-only queries: simple and prepared, with 1 and 16 clients.
pub(super) fn queries(
    subjects: &Subjects,
    options: &Options,
    report: &mut Report,
) -> Result<(), Failure> {
    if let Some(direct) = subjects.all.first() {
        pgbench::initialise(direct, &subjects.upstream)?;
    }
    for mode in ["simple", "prepared"] {
        for clients in [1, 16] {
            let turn = Turn {
                mode,
                clients,
                reconnect: false,
                length: Length::Seconds(options.seconds),
            };
            let case = format!(
                "{mode}, {clients} {}",
                if clients == 1 { "client" } else { "clients" }
            );
            let samples = progress::timed(&case, || rounds(subjects, &turn, options.rounds))?;
            add(subjects, &case, &samples, report);
        }
    }
    Ok(())
}

/// Measures queries that each open a new connection.
pub(super) fn connects(
    subjects: &Subjects,
    options: &Options,
    report: &mut Report,
) -> Result<(), Failure> {
    let turn = Turn {
        mode: "simple",
        clients: 1,
        reconnect: true,
        length: Length::Seconds(options.seconds),
    };
    let samples = progress::timed("connects", || rounds(subjects, &turn, options.rounds))?;
    let rate = collect_each(&samples, |samples| &samples.queries_per_second);
    let bench = Bench {
        name: "connects-per-second",
        case: "sequential".to_owned(),
        unit: "1/s",
    };
    compare(subjects, &bench, &rate, report);
    Ok(())
}

fn rounds(subjects: &Subjects, turn: &Turn, rounds: u32) -> Result<Vec<Samples>, Failure> {
    let mut all: Vec<Samples> = subjects.all.iter().map(|_| Samples::default()).collect();
    for _ in 0..rounds {
        for (subject, samples) in subjects.all.iter().zip(&mut all) {
            one_turn(subjects, subject, turn, samples)?;
        }
    }
    Ok(all)
}

fn one_turn(
    subjects: &Subjects,
    subject: &Subject,
    turn: &Turn,
    samples: &mut Samples,
) -> Result<(), Failure> {
    let time = || subject.process_id.map(procfs::processor_time).transpose();
    let before = time()?;
    let outcome = pgbench::run(turn, subject, &subjects.upstream)?;
    if let (Some(before), Some(after)) = (before, time()?) {
        samples
            .processor_time_per_query
            .push((after - before) / outcome.queries);
    }
    samples.queries_per_second.push(outcome.queries_per_second);
    Ok(())
}

fn add(subjects: &Subjects, case: &str, samples: &[Samples], report: &mut Report) {
    let bench = |name, unit| Bench {
        name,
        case: case.to_owned(),
        unit,
    };
    let rate = collect_each(samples, |samples| &samples.queries_per_second);
    compare(subjects, &bench("queries-per-second", "1/s"), &rate, report);
    let time = collect_each(samples, |samples| &samples.processor_time_per_query);
    compare(subjects, &bench("proxy-cpu-per-query", "us"), &time, report);
}

fn collect_each(samples: &[Samples], values: impl Fn(&Samples) -> &Vec<f64>) -> Vec<&[f64]> {
    samples
        .iter()
        .map(|samples| values(samples).as_slice())
        .collect()
}

/// Adds a row for each pair of subjects to compare, and a row without a ratio for a subject without a counterpart.
/// Skips subjects without values.
///
/// `values` holds the values of each subject, one for each round.
pub(super) fn compare(subjects: &Subjects, bench: &Bench, values: &[&[f64]], report: &mut Report) {
    let of = |name: &str| {
        let at = subjects
            .all
            .iter()
            .position(|subject| subject.name == name)?;
        values.get(at).copied().filter(|values| !values.is_empty())
    };
    for subject in &subjects.all {
        let Some(rounds) = of(subject.name) else {
            continue;
        };
        let own = median(rounds);
        let ratios: Vec<_> = rivals(subject.name)
            .iter()
            .filter_map(|name| Some((*name, median_ratio(rounds, of(name)?))))
            .collect();
        if ratios.is_empty() {
            report.add(bench, subject.name, own, None);
        }
        for ratio in ratios {
            report.add(bench, subject.name, own, Some(ratio));
        }
    }
}

/// Returns the subjects to compare with: no proxy, each kind of proxy on the same kind of socket, and PgBouncer on TCP.
fn rivals(subject: &str) -> &'static [&'static str] {
    match subject {
        "pgbouncer" | "pgbouncer-unix" | "plain-relay" | "plain-relay-unix" => &[DIRECT],
        "irsa" => &[DIRECT, "plain-relay", "pgbouncer"],
        "irsa-unix" => &[DIRECT, "plain-relay-unix", "pgbouncer", "pgbouncer-unix"],
        _ => &[],
    }
}
