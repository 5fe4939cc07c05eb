//! System calls for each query, counted by strace.

use std::fs;
use std::io::{BufRead as _, BufReader};
use std::path::Path;
use std::process::{Command, Stdio};

use super::measure;
use super::pgbench::{self, Length, Turn};
use super::subjects::{Subject, Subjects};
use crate::bench::report::{Bench, Report};
use crate::failure::Failure;
use crate::{process, progress};

/// A turn that is long enough to make the login negligible.
const TURN: Turn = Turn {
    mode: "prepared",
    clients: 16,
    reconnect: false,
    length: Length::Queries(2_000),
};

const SOCKET_CALLS: [&str; 8] = [
    "read", "readv", "recvfrom", "recvmsg", "write", "writev", "sendto", "sendmsg",
];
const WAITS: [&str; 3] = ["epoll_wait", "epoll_pwait", "epoll_pwait2"];

/// Counts socket calls and waits of each proxy. If strace is missing or not permitted, prints that and skips them.
pub(super) fn count(subjects: &Subjects, report: &mut Report) {
    if process::find("strace").is_none() {
        progress::note("socket calls are not counted: strace is missing");
        return;
    }
    let counts: Vec<Option<(f64, f64)>> = subjects
        .all
        .iter()
        .map(|subject| counts(subjects, subject))
        .collect();
    let of_each = |count: fn(&(f64, f64)) -> f64| -> Vec<Vec<f64>> {
        let counts = counts.iter().map(|counts| counts.as_ref().map(count));
        counts.map(|count| count.into_iter().collect()).collect()
    };
    let (calls, waits) = (of_each(|counts| counts.0), of_each(|counts| counts.1));
    let case = format!("{}, {} clients", TURN.mode, TURN.clients);
    let bench = |name| Bench {
        name,
        case: case.clone(),
        unit: "1",
    };
    for (name, values) in [
        ("socket-calls-per-query", calls),
        ("waits-per-query", waits),
    ] {
        let values: Vec<&[f64]> = values.iter().map(Vec::as_slice).collect();
        measure::compare(subjects, &bench(name), &values, report);
    }
}

/// Returns socket calls and waits for each query; `None` without a proxy, or if it cannot be traced.
fn counts(subjects: &Subjects, subject: &Subject) -> Option<(f64, f64)> {
    let process_id = subject.process_id?;
    let what = format!("socket calls of {}", subject.name);
    progress::timed(&what, || traced(subjects, subject, process_id))
        .inspect_err(|failure| progress::note(&format!("{what} are not counted: {failure}")))
        .ok()
}

/// Runs a turn under strace and returns socket calls and waits for each query.
fn traced(subjects: &Subjects, subject: &Subject, process_id: u32) -> Result<(f64, f64), Failure> {
    let table = subjects.folder.path().join("strace.txt");
    let mut command = Command::new("strace");
    command
        .args(["-c", "-f", "-o"])
        .arg(&table)
        .args(["-p", &process_id.to_string()]);
    command.stdin(Stdio::null()).stderr(Stdio::piped());
    let mut strace = command
        .spawn()
        .map_err(|error| Failure::new(format!("strace: {error}")))?;
    let mut said = String::new();
    if let Some(errors) = strace.stderr.take() {
        let _ = BufReader::new(errors).read_line(&mut said);
    }
    let outcome = if said.contains("attached") {
        pgbench::run(&TURN, subject, &subjects.upstream)
    } else {
        Err(Failure::new(said.trim().to_owned()))
    };
    process::quietly(Command::new("kill").args(["-INT", &strace.id().to_string()]))?;
    strace
        .wait()
        .map_err(|error| Failure::new(format!("strace: {error}")))?;
    let queries = outcome?.queries;
    let (calls, waits) = read(&table)?;
    Ok((calls / queries, waits / queries))
}

fn read(table: &Path) -> Result<(f64, f64), Failure> {
    let text = fs::read_to_string(table).map_err(Failure::file(table))?;
    Ok((sum(&text, &SOCKET_CALLS), sum(&text, &WAITS)))
}

/// Sums the column `calls` over the rows of some system calls: `% time, seconds, usecs/call, calls[, errors], syscall`.
fn sum(table: &str, names: &[&str]) -> f64 {
    let rows = table
        .lines()
        .map(|line| line.split_whitespace().collect::<Vec<_>>());
    let counts = rows.filter_map(|row| match (row.get(3), row.last()) {
        (Some(calls), Some(name)) if names.contains(name) => calls.parse::<f64>().ok(),
        _ => None,
    });
    counts.sum()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rows_of_the_table_add_up() {
        let table = "% time     seconds  usecs/call     calls    errors syscall\n\
                     ------ ----------- ----------- --------- --------- ----------------\n \
                     50.00    0.010000           1     10000           writev\n \
                     25.00    0.005000           1      5000        12 recvfrom\n \
                     25.00    0.005000           1       700           epoll_wait\n\
                     100.00    0.020000           1     15700        12 total\n";
        assert!((sum(table, &SOCKET_CALLS) - 15_000.0).abs() < f64::EPSILON);
        assert!((sum(table, &WAITS) - 700.0).abs() < f64::EPSILON);
    }
}
