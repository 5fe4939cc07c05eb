//! Real clients: with their own signing, and through irsa.

use std::process::Command;

use serde_json::Value;

use super::subjects::{KEYS, Subjects};
use crate::bench::options::Options;
use crate::bench::report::{Bench, Report};
use crate::bench::statistics::median;
use crate::failure::Failure;
use crate::prepare::Clients;
use crate::{process, progress};

/// The modes of a client, as its program names them.
const WAYS: [&str; 3] = ["unsigned", "self-signing", "irsa"];

/// A client program.
#[derive(Debug, Clone, Copy)]
enum Program {
    Python,
    Java,
}

/// The requests that a program sends in one turn.
#[derive(Debug, Clone, Copy)]
struct Work {
    operation: &'static str,
    clients: u32,
    seconds: u32,
}

/// A program's results of one turn.
#[derive(Debug)]
struct Turn {
    requests_per_second: f64,
    p50: f64,
    p99: f64,
}

/// Measures small searches and bulks of 1 MiB, with 1 and 16 clients, in Python and Java.
pub(super) fn measure(
    subjects: &Subjects,
    programs: &Clients,
    options: &Options,
    report: &mut Report,
) -> Result<(), Failure> {
    for program in [Program::Python, Program::Java] {
        for operation in ["search", "bulk"] {
            for clients in [1, 16] {
                let case = format!("{operation}, {clients} by {}", program.name());
                let work = Work {
                    operation,
                    clients,
                    seconds: options.seconds,
                };
                let turn = |way: &str| program.turn(subjects, programs, way, work);
                let turns = progress::timed(&case, || rounds(options, turn))?;
                add(&case, &turns, report);
            }
        }
    }
    Ok(())
}

fn rounds(
    options: &Options,
    turn: impl Fn(&str) -> Result<Turn, Failure>,
) -> Result<[Vec<Turn>; 3], Failure> {
    let mut turns: [Vec<Turn>; 3] = Default::default();
    for _ in 0..options.rounds {
        for (way, turns) in WAYS.iter().zip(&mut turns) {
            turns.push(turn(way)?);
        }
    }
    Ok(turns)
}

// === impl Program ===

impl Program {
    fn name(self) -> &'static str {
        match self {
            Self::Python => "opensearch-py",
            Self::Java => "opensearch-java",
        }
    }

    fn turn(
        self,
        subjects: &Subjects,
        programs: &Clients,
        way: &str,
        work: Work,
    ) -> Result<Turn, Failure> {
        let server = &subjects.server;
        let mut command = self.command(programs);
        command
            .args([way, work.operation])
            .args([work.clients.to_string(), work.seconds.to_string()])
            .envs(KEYS);
        if way == "irsa" {
            command.env("OPENSEARCH_URL", &subjects.irsa);
        } else {
            command
                .env("OPENSEARCH_URL", format!("https://{}", server.endpoint))
                .env("OPENSEARCH_DIAL", &server.dial)
                .env("OPENSEARCH_CA_FILE", &server.ca_file);
        }
        let said = process::capture(&mut command)?;
        let line = said.lines().last().unwrap_or_default();
        let line: Value = serde_json::from_str(line)
            .map_err(|_| Failure::new(format!("cannot parse the client's output: {said}")))?;
        let number = |key: &str| line[key].as_f64().unwrap_or_default();
        Ok(Turn {
            requests_per_second: number("requests") / number("seconds").max(f64::MIN_POSITIVE),
            p50: number("p50_ms"),
            p99: number("p99_ms"),
        })
    }

    fn command(self, programs: &Clients) -> Command {
        match self {
            Self::Python => {
                let folder = programs.path().join("python");
                let mut command = Command::new(folder.join("venv/bin/python"));
                command.arg(folder.join("opensearch_load.py"));
                command
            }
            Self::Java => {
                let folder = programs.path().join("java");
                let mut command = Command::new("java");
                command.arg("-cp");
                command.arg(format!("{0}/classes:{0}/lib/*", folder.display()));
                command.arg("interop.OpenSearchLoad");
                command
            }
        }
    }
}

fn add(case: &str, turns: &[Vec<Turn>; 3], report: &mut Report) {
    let mut rows = |name, unit, value: fn(&Turn) -> f64| {
        let medians = turns
            .each_ref()
            .map(|turns| median(&turns.iter().map(value).collect::<Vec<_>>()));
        let bench = Bench {
            name,
            case: case.to_owned(),
            unit,
        };
        let [unsigned, signing, irsa] = medians;
        report.add(&bench, "unsigned", unsigned, None);
        report.add(
            &bench,
            "self-signing",
            signing,
            Some(("unsigned", signing / unsigned)),
        );
        report.add(&bench, "irsa", irsa, Some(("self-signing", irsa / signing)));
    };
    rows("throughput", "requests/s", |turn| turn.requests_per_second);
    rows("p50", "ms", |turn| turn.p50);
    rows("p99", "ms", |turn| turn.p99);
}
