//! The policy engine compared with Cedar, on the closest equivalent of the same policies.
//!
//! Cedar takes longer to build than the whole project, so the program that has both is a separate workspace.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::process::Command;

use serde_json::Value;

use super::options::Options;
use super::report::{Bench, Report};
use super::statistics::median;
use crate::failure::Failure;
use crate::{process, progress, workspace};

/// The benchmark program, and the directory of its package.
const PROGRAM: &str = "policy-bench";
const PACKAGE: &str = "xtask/bench/policy";

/// Decisions per second of a subject in a case, one value for each round.
type Samples = BTreeMap<(String, String), Vec<f64>>;

/// Runs all benchmarks of the policy engine.
pub(super) fn run(options: &Options) -> Result<Report, Failure> {
    if options.build {
        progress::timed("build the engines (release)", build)?;
    }
    let mut command = Command::new(target().join("release").join(PROGRAM));
    command.args([options.rounds.to_string(), options.seconds.to_string()]);
    let said = progress::timed("policy decisions", || process::capture(&mut command))?;
    let samples = parse(&said)
        .ok_or_else(|| Failure::new(format!("cannot parse the output of `{PROGRAM}`:\n{said}")))?;
    Ok(report(&samples))
}

fn build() -> Result<(), Failure> {
    let manifest = workspace::root().join(PACKAGE).join("Cargo.toml");
    let mut command = workspace::cargo();
    command.args(["build", "--locked", "--release", "--manifest-path"]);
    command.arg(manifest).arg("--target-dir").arg(target());
    process::run(&mut command)
}

/// A separate target directory, because the lock file is a different one.
fn target() -> PathBuf {
    workspace::target().join(PROGRAM)
}

fn parse(said: &str) -> Option<Samples> {
    let mut samples = Samples::new();
    for line in said.lines() {
        let line: Value = serde_json::from_str(line).ok()?;
        let text = |name: &str| line[name].as_str().map(str::to_owned);
        let of = samples
            .entry((text("case")?, text("subject")?))
            .or_default();
        of.push(line["per_second"].as_f64()?);
    }
    Some(samples)
}

fn report(samples: &Samples) -> Report {
    let mut report = Report::default();
    let of = |case: &str, subject: &str| {
        let samples = samples.get(&(case.to_owned(), subject.to_owned()));
        samples.map(|samples| median(samples))
    };
    let cases: std::collections::BTreeSet<&String> = samples.keys().map(|(case, _)| case).collect();
    for case in cases {
        let bench = Bench {
            name: "decisions",
            case: case.clone(),
            unit: "1/s",
        };
        if let (Some(theirs), Some(ours)) = (of(case, "cedar"), of(case, "irsa")) {
            report.add(&bench, "cedar", theirs, None);
            report.add(&bench, "irsa", ours, Some(("cedar", ours / theirs)));
        }
    }
    report
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parses_the_output_of_the_program() {
        let said = "{\"case\": \"a\", \"subject\": \"irsa\", \"per_second\": 2.5}\n\
                    {\"case\": \"a\", \"subject\": \"irsa\", \"per_second\": 3.5}\n";
        let samples = parse(said).unwrap();
        assert_eq!(samples[&("a".to_owned(), "irsa".to_owned())], [2.5, 3.5]);
        assert!(parse("error").is_none());
    }
}
