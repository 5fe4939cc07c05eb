//! The latency that the proxy adds, measured with wrk, whose own cost is negligible.

use std::process::Command;

use super::subjects::Subjects;
use crate::bench::options::Options;
use crate::bench::procfs;
use crate::bench::report::{Bench, Report};
use crate::bench::statistics::median;
use crate::failure::Failure;
use crate::{process, progress};

/// A search with a small result.
const SEARCH: &str = "/orders/_search?size=1";

/// wrk's results of one turn.
#[derive(Debug, PartialEq)]
struct Turn {
    requests_per_second: f64,
    /// Milliseconds.
    p50: f64,
    p99: f64,
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
        turns[0].push(wrk(&direct, clients, options.seconds)?);
        let before = procfs::processor_time(subjects.irsa_process)?;
        let mut turn = wrk(&proxied, clients, options.seconds)?;
        let used = procfs::processor_time(subjects.irsa_process)? - before;
        turn.processor_time = used / (turn.requests_per_second * f64::from(options.seconds));
        turns[1].push(turn);
    }
    Ok(turns)
}

fn wrk(url: &str, clients: u32, seconds: u32) -> Result<Turn, Failure> {
    let mut command = Command::new("wrk");
    command.args(["--latency", "--threads", "1", "--connections"]);
    command.args([
        &clients.to_string(),
        "--duration",
        &format!("{seconds}s"),
        url,
    ]);
    let said = process::capture(&mut command)?;
    if said.contains("Non-2xx") || said.contains("Socket errors") {
        return Err(Failure::new(format!("some requests failed:\n{said}")));
    }
    parse(&said).ok_or_else(|| Failure::new(format!("cannot parse the output of wrk:\n{said}")))
}

fn parse(said: &str) -> Option<Turn> {
    let after = |label: &str| {
        let line = said
            .lines()
            .find(|line| line.trim_start().starts_with(label))?;
        line.split_whitespace().last()
    };
    Some(Turn {
        requests_per_second: after("Requests/sec:")?.parse().ok()?,
        p50: milliseconds(after("50%")?)?,
        p99: milliseconds(after("99%")?)?,
        processor_time: 0.0,
    })
}

/// Parses a time as wrk prints it: `87.00us`, `1.25ms`, `2.01s`.
fn milliseconds(text: &str) -> Option<f64> {
    let digits = text.find(|c: char| c.is_ascii_alphabetic())?;
    let (number, unit) = text.split_at(digits);
    let number: f64 = number.parse().ok()?;
    match unit {
        "us" => Some(number / 1e3),
        "ms" => Some(number),
        "s" => Some(number * 1e3),
        _ => None,
    }
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
    row("throughput", "requests/s", |turn| turn.requests_per_second);
    row("p50", "ms", |turn| turn.p50);
    row("p99", "ms", |turn| turn.p99);
    let added = Bench {
        name: "added-p50",
        case: case.to_owned(),
        unit: "ms",
    };
    let difference = of(irsa, |turn| turn.p50) - of(direct, |turn| turn.p50);
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parses_the_output_of_wrk() {
        let said = "Running 2s test @ http://127.0.0.1:9/\n  Thread Stats   Avg      Stdev     Max   +/- Stdev\n    \
                    Latency    87.00us   10.00us   1.00ms   90.00%\n  Latency Distribution\n     50%   80.00us\n     \
                    75%   90.00us\n     99%    1.25ms\n  100 requests in 2.00s, 1.00MB read\nRequests/sec:  11000.50\n";
        let turn = parse(said).unwrap();
        assert_eq!(
            turn,
            Turn {
                requests_per_second: 11000.5,
                p50: 0.08,
                p99: 1.25,
                processor_time: 0.0
            }
        );
        assert_eq!(parse("unable to connect"), None);
        assert_eq!(milliseconds("2.00s"), Some(2000.0));
    }
}
