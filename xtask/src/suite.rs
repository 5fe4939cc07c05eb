//! `cargo xtask test`: everything that CI runs, prepared from whatever the machine lacks.

use std::io::{BufRead as _, BufReader};
use std::process::Stdio;
use std::time::Instant;

use crate::failure::Failure;
use crate::prepare::{self, Clients};
use crate::{lint, progress, workspace};

/// A part of the suite.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Stage {
    /// Client programs of other languages.
    Prepare,
    /// What `cargo xtask lint` does.
    Lint,
    /// `cargo test` of the whole workspace, the tests with real clients among them.
    Cargo,
}

/// What the closing lines of the test binaries add up to.
#[derive(Debug, Default, PartialEq, Eq)]
struct Counts {
    passed: u64,
    failed: u64,
    skipped: u64,
}

/// Runs all stages, or the one that is named.
pub(crate) fn run(arguments: &[String]) -> Result<(), Failure> {
    let started = Instant::now();
    let stages = stages(arguments)?;
    let clients = Clients::folder()?;
    if stages.contains(&Stage::Prepare) {
        progress::heading("prepare");
        prepare::clients(&clients)?;
    }
    let lint = if stages.contains(&Stage::Lint) {
        progress::heading("lint");
        lint::run(&[])
    } else {
        Ok(())
    };
    if stages.contains(&Stage::Cargo) {
        progress::heading("cargo test");
        cargo(&clients, started)?;
    }
    lint
}

fn stages(arguments: &[String]) -> Result<Vec<Stage>, Failure> {
    match arguments {
        [] => Ok(vec![Stage::Prepare, Stage::Lint, Stage::Cargo]),
        [name] => match name.as_str() {
            "prepare" => Ok(vec![Stage::Prepare]),
            "lint" => Ok(vec![Stage::Lint]),
            "cargo" => Ok(vec![Stage::Cargo]),
            _ => Err(Failure::usage(format!("there is no stage `{name}`"))
                .remedy("prepare, lint or cargo")),
        },
        _ => Err(Failure::usage("name one stage, or none for all of them")),
    }
}

/// Builds everything first (the tests run the `irsa` program itself), then runs all tests and adds them up.
fn cargo(clients: &Clients, started: Instant) -> Result<(), Failure> {
    crate::process::run(workspace::cargo().args([
        "build",
        "--workspace",
        "--all-targets",
        "--locked",
    ]))?;
    let mut command = workspace::cargo();
    command.args(["test", "--workspace", "--locked", "--no-fail-fast"]);
    command
        .env("IRSA_CLIENTS_DIR", clients.path())
        .env("IRSA_CACHE_DIR", workspace::cache()?);
    let mut child = command
        .stdout(Stdio::piped())
        .spawn()
        .map_err(|error| Failure::new(format!("cargo: {error}")))?;
    let mut counts = Counts::default();
    if let Some(output) = child.stdout.take() {
        // What a test's own programs write need not be UTF-8, and must not end the run.
        for line in BufReader::new(output).split(b'\n').map_while(Result::ok) {
            let line = String::from_utf8_lossy(&line);
            progress::say(&line);
            counts.add(&line);
        }
    }
    let status = child
        .wait()
        .map_err(|error| Failure::new(format!("cargo: {error}")))?;
    let took = progress::seconds(started.elapsed());
    progress::say(&format!("\nafter {took}"));
    progress::say(&format!(
        "tests: {} passed, {} failed, {} skipped",
        counts.passed, counts.failed, counts.skipped
    ));
    if status.success() {
        Ok(())
    } else {
        Err(Failure::new("some tests failed"))
    }
}

impl Counts {
    /// Adds a line such as `test result: ok. 3 passed; 0 failed; 1 ignored; 0 measured; ...`; others are left aside.
    fn add(&mut self, line: &str) {
        let Some(result) = line.strip_prefix("test result: ") else {
            return;
        };
        for part in result.split(['.', ';']) {
            let mut words = part.split_whitespace();
            let (Some(number), Some(what)) = (
                words.next().and_then(|word| word.parse::<u64>().ok()),
                words.next(),
            ) else {
                continue;
            };
            match what {
                "passed" => self.passed += number,
                "failed" => self.failed += number,
                "ignored" => self.skipped += number,
                _ => {}
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn closing_lines_add_up() {
        let mut counts = Counts::default();
        counts.add("test result: ok. 3 passed; 0 failed; 1 ignored; 0 measured; 2 filtered out; finished in 0.01s");
        counts.add("test result: FAILED. 4 passed; 2 failed; 0 ignored; 0 measured; 0 filtered out; finished in 3.01s");
        counts.add("test passed ... ok");
        assert_eq!(
            counts,
            Counts {
                passed: 7,
                failed: 2,
                skipped: 1
            }
        );
    }

    #[test]
    fn unknown_stages_are_refused() {
        assert!(stages(&["unit".to_owned()]).is_err());
        assert_eq!(stages(&["lint".to_owned()]).unwrap(), [Stage::Lint]);
    }
}
