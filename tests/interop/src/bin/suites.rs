//! `suites NAME --source DIR [TEST..]`: runs a different project's test suite straight to PostgreSQL and through irsa,
//! and prints the tests whose outcomes differ. Fails if a difference is not by design.

#![expect(clippy::print_stdout, reason = "the report is this program's output")]

use std::env::args;
use std::io::{Write as _, stderr};
use std::path::PathBuf;
use std::process::ExitCode;

use interop::Error;
use interop::suites::{self, Comparison};

#[tokio::main]
async fn main() -> Result<ExitCode, Error> {
    let (name, source, tests) = arguments()?;
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

fn arguments() -> Result<(String, PathBuf, Vec<String>), Error> {
    let arguments: Vec<String> = args().skip(1).collect();
    match arguments.as_slice() {
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
