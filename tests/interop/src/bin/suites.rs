//! `suites charts --from DIR`: renders Camunda's charts with irsa's values.
//! `suites races --rounds N`: runs `irsa apply` twice at once, N times on each server.
//! `suites NAME --source DIR [TEST..]`: runs a different project's test suite straight to PostgreSQL and through irsa,
//! and prints the tests whose outcomes differ. Fails if a difference is not by design.

#![expect(clippy::print_stdout, reason = "the report is this program's output")]

use std::env::args;
use std::io::{Write as _, stderr};
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use interop::Error;
use interop::races;
use interop::suites::{self, Comparison};

#[tokio::main]
async fn main() -> Result<ExitCode, Error> {
    let words: Vec<String> = args().skip(1).collect();
    if let [name, option, from] = words.as_slice()
        && (name.as_str(), option.as_str()) == ("charts", "--from")
    {
        return charts(Path::new(from)).await;
    }
    if let Some((name, rest)) = words.split_first()
        && name == "races"
    {
        return race(rounds(rest)?).await;
    }
    let (name, source, tests) = arguments(&words)?;
    let Comparison {
        tests,
        passed,
        differences,
    } = suites::run(&name, &source, &tests, &tell).await?;
    for difference in &differences {
        println!("{difference}");
    }
    let mut unexpected = differences.iter().filter(|each| each.by_design.is_none());
    let by_design = differences.len() - unexpected.clone().count();
    println!(
        "{name}: {tests} tests, {passed} pass straight, {} differ through irsa, {by_design} of them by design",
        differences.len()
    );
    Ok(match unexpected.next() {
        None => ExitCode::SUCCESS,
        Some(_) => ExitCode::FAILURE,
    })
}

async fn charts(from: &Path) -> Result<ExitCode, Error> {
    let outcomes = interop::charts::run(from, &tell).await?;
    for outcome in &outcomes {
        let (chart, workloads) = (&outcome.chart, outcome.workloads.join(", "));
        println!("{chart}: {workloads}");
        for problem in &outcome.problems {
            println!("  WRONG {problem}");
        }
        for pod in &outcome.without {
            println!("  note: {pod} is sent to a sidecar but lacks one");
        }
    }
    let is_right = outcomes.iter().all(|outcome| outcome.problems.is_empty());
    Ok(if is_right {
        ExitCode::SUCCESS
    } else {
        ExitCode::FAILURE
    })
}

async fn race(rounds: usize) -> Result<ExitCode, Error> {
    let outcomes = races::run(rounds, &tell).await?;
    for outcome in &outcomes {
        for problem in &outcome.problems {
            println!("WRONG {problem}");
        }
        println!(
            "{}: {} rounds, {} changes, {} rounds are wrong",
            outcome.server,
            outcome.rounds,
            outcome.changes,
            outcome.problems.len()
        );
    }
    let is_right = outcomes.iter().all(|outcome| outcome.problems.is_empty());
    Ok(if is_right {
        ExitCode::SUCCESS
    } else {
        ExitCode::FAILURE
    })
}

fn rounds(arguments: &[String]) -> Result<usize, Error> {
    match arguments {
        [option, count] if option == "--rounds" => Ok(count.parse()?),
        _ => Err("usage: suites races --rounds N".into()),
    }
}

fn arguments(arguments: &[String]) -> Result<(String, PathBuf, Vec<String>), Error> {
    match arguments {
        [name, option, source, tests @ ..] if option == "--source" => {
            Ok((name.clone(), source.into(), tests.to_vec()))
        }
        _ => {
            let names = suites::NAMES.join("|");
            Err(format!("usage: suites {names} --source DIR [TEST..]").into())
        }
    }
}

fn tell(line: &str) {
    let _ = writeln!(stderr(), "{line}");
}
