//! `cargo test` of the whole workspace, with the wall time of each test binary.

use std::io::{BufRead as _, BufReader, Read};
use std::mem;
use std::process::Stdio;
use std::sync::{Arc, Mutex, PoisonError};
use std::thread;
use std::time::{Duration, Instant};

use super::artifacts::Artifacts;
use super::counts::Counts;
use crate::failure::Failure;
use crate::prepare::Clients;
use crate::{progress, workspace};

/// The results of all tests.
pub(super) struct TestRun {
    pub(super) counts: Counts,
    /// The wall time of each test binary, and of the documentation tests of each crate.
    pub(super) binaries: Vec<(String, Duration)>,
    pub(super) outcome: Result<(), Failure>,
}

/// Runs all tests, whatever fails, and passes their output on.
pub(super) fn run(clients: &Clients, artifacts: Artifacts) -> Result<TestRun, Failure> {
    let failed = |error: std::io::Error| Failure::new(format!("cannot run cargo: {error}"));
    let mut command = workspace::cargo();
    command.args(["test", "--workspace", "--locked", "--no-fail-fast"]);
    command
        .env("IRSA_CLIENTS_DIR", clients.path())
        .env("IRSA_CACHE_DIR", workspace::cache()?)
        .stdout(Stdio::piped())
        .stderr(Stdio::piped());
    let mut child = command.spawn().map_err(failed)?;
    let times = Arc::new(Mutex::new(BinaryTimes::default()));
    if let Some(errors) = child.stderr.take() {
        let times = Arc::clone(&times);
        // Never joined: a program that a test left behind may hold its standard error open.
        thread::spawn(move || watch(errors, &artifacts, &times));
    }
    let mut counts = Counts::default();
    for line in child.stdout.take().into_iter().flat_map(lines) {
        progress::say(&line);
        counts.add(&line);
    }
    let status = child.wait().map_err(failed)?;
    let times = mem::take(&mut *times.lock().unwrap_or_else(PoisonError::into_inner));
    let outcome = if status.success() {
        Ok(())
    } else {
        Err(Failure::new("some tests failed"))
    };
    Ok(TestRun {
        counts,
        binaries: times.finish(),
        outcome,
    })
}

/// Passes cargo's standard error on, and notes when it starts each binary.
fn watch(errors: impl Read, artifacts: &Artifacts, times: &Mutex<BinaryTimes>) {
    for line in lines(errors) {
        progress::note(&line);
        if let Some(name) = binary(&line, artifacts) {
            let mut times = times.lock().unwrap_or_else(PoisonError::into_inner);
            times.start(name);
        }
    }
}

/// The lines of an output, which need not be UTF-8: programs that a test runs may write anything.
fn lines(output: impl Read) -> impl Iterator<Item = String> {
    let lines = BufReader::new(output).split(b'\n').map_while(Result::ok);
    lines.map(|line| String::from_utf8_lossy(&line).into_owned())
}

/// Returns the name of the binary that cargo says it runs now: `irsa-doctor it`, `irsa-chain doc`.
fn binary(line: &str, artifacts: &Artifacts) -> Option<String> {
    let line = line.trim_start();
    if let Some(name) = line.strip_prefix("Doc-tests ") {
        return Some(format!("{} doc", name.trim().replace('_', "-")));
    }
    let (_, path) = line.strip_prefix("Running ")?.rsplit_once('(')?;
    let path = path.trim_end().strip_suffix(')')?;
    let file = path.rsplit('/').next().unwrap_or(path);
    let name = artifacts.get(file).map_or(file, String::as_str);
    Some(name.to_owned())
}

/// The time from the start of each binary to the start of the next one.
#[derive(Default)]
struct BinaryTimes {
    running: Option<(String, Instant)>,
    finished: Vec<(String, Duration)>,
}

impl BinaryTimes {
    fn start(&mut self, name: String) {
        if let Some((name, started)) = self.running.replace((name, Instant::now())) {
            self.finished.push((name, started.elapsed()));
        }
    }

    fn finish(mut self) -> Vec<(String, Duration)> {
        self.start(String::new());
        self.finished
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cargo_names_the_binary_that_it_runs() {
        let artifacts = Artifacts::from([("it-12ab".to_owned(), "interop it".to_owned())]);
        let named = |line| binary(line, &artifacts);
        let line = "     Running tests/it/main.rs (target/debug/deps/it-12ab)";
        assert_eq!(named(line).as_deref(), Some("interop it"));
        let line = "     Running unittests src/lib.rs (target/debug/deps/other-34cd)";
        assert_eq!(named(line).as_deref(), Some("other-34cd"));
        let line = "   Doc-tests irsa_chain";
        assert_eq!(named(line).as_deref(), Some("irsa-chain doc"));
        assert_eq!(named("running 3 tests"), None);
    }

    #[test]
    fn each_binary_has_a_time() {
        let mut times = BinaryTimes::default();
        times.start("a".to_owned());
        times.start("b".to_owned());
        let names: Vec<_> = times.finish().into_iter().map(|(name, _)| name).collect();
        assert_eq!(names, ["a", "b"]);
    }
}
