//! A turn of pgbench: read-only queries of one row.

use std::process::Command;

use super::subjects::{Subject, Upstream};
use crate::failure::Failure;
use crate::process;

/// The work of a turn.
#[derive(Debug, Clone, Copy)]
pub(super) struct Turn {
    /// `simple` or `prepared`.
    pub(super) mode: &'static str,
    pub(super) clients: u32,
    /// Whether each query opens a new connection.
    pub(super) reconnect: bool,
    pub(super) length: Length,
}

/// The length of a turn.
#[derive(Debug, Clone, Copy)]
pub(super) enum Length {
    Seconds(u32),
    /// Number of queries of each client.
    Queries(u32),
}

/// The results of a turn.
#[derive(Debug, PartialEq)]
pub(super) struct Outcome {
    pub(super) queries: f64,
    pub(super) queries_per_second: f64,
}

/// Creates pgbench's tables.
pub(super) fn initialise(direct: &Subject, upstream: &Upstream) -> Result<(), Failure> {
    let mut command = Command::new("pgbench");
    command.args(["--initialize", "--quiet", "--scale", "1"]);
    direct.point(upstream, &mut command);
    process::quietly(&mut command)
}

/// Runs a turn.
pub(super) fn run(turn: &Turn, subject: &Subject, upstream: &Upstream) -> Result<Outcome, Failure> {
    let mut command = Command::new("pgbench");
    command.args([
        "--select-only",
        "--no-vacuum",
        "--protocol",
        turn.mode,
        "--client",
        &turn.clients.to_string(),
    ]);
    match turn.length {
        Length::Seconds(seconds) => command.args(["--time", &seconds.to_string()]),
        Length::Queries(queries) => command.args(["--transactions", &queries.to_string()]),
    };
    if turn.reconnect {
        command.arg("--connect");
    }
    subject.point(upstream, &mut command);
    let text = process::capture(&mut command)?;
    parse(&text).ok_or_else(|| Failure::new(format!("cannot parse the output of pgbench:\n{text}")))
}

fn parse(text: &str) -> Option<Outcome> {
    let number_after = |start: &str| {
        let rest = text.lines().find_map(|line| line.strip_prefix(start))?;
        rest.split(['/', ' ']).next()?.parse().ok()
    };
    Some(Outcome {
        queries: number_after("number of transactions actually processed: ")?,
        queries_per_second: number_after("tps = ")?,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parses_both_kinds_of_turns() {
        let text = "number of transactions actually processed: 60123\nnumber of failed transactions: 0 (0.000%)\n\
                    latency average = 0.083 ms\ntps = 12024.602 (without initial connection time)\n";
        assert_eq!(
            parse(text),
            Some(Outcome {
                queries: 60123.0,
                queries_per_second: 12024.602
            })
        );
        let text = "number of transactions actually processed: 32000/32000\ntps = 9.5 (including reconnection times)\n";
        assert_eq!(
            parse(text),
            Some(Outcome {
                queries: 32000.0,
                queries_per_second: 9.5
            })
        );
        assert_eq!(parse("pgbench: error"), None);
    }
}
