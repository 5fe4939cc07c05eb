//! `cargo xtask suites races`: two runs of `irsa apply` at once, again and again.

use std::process::Command;

use crate::failure::Failure;
use crate::{process, progress, workspace};

/// Rounds, if none are given.
const ROUNDS: usize = 1000;
/// The test of irsa-apply that races on a real OpenSearch.
const OPENSEARCH: &str = "opensearch::many_runs_at_once_lose_nothing";

/// A kind of data store.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
    Sql,
    OpenSearch,
}

/// Runs the races on one kind of data store, or on both.
pub(super) fn run(words: &[&str]) -> Result<(), Failure> {
    let (kinds, words) = match words {
        ["sql", words @ ..] => (&[Kind::Sql][..], words),
        ["opensearch", words @ ..] => (&[Kind::OpenSearch][..], words),
        words => (&[Kind::Sql, Kind::OpenSearch][..], words),
    };
    let rounds = rounds(words)?;
    for kind in kinds {
        match kind {
            Kind::Sql => sql(rounds)?,
            Kind::OpenSearch => opensearch(rounds)?,
        }
    }
    Ok(())
}

/// The program of `interop` that knows the suites runs irsa.
fn sql(rounds: usize) -> Result<(), Failure> {
    progress::note(&format!("irsa apply sql: {rounds} rounds on each server"));
    workspace::build(&["--bin", "irsa", "--bin", "suites"])?;
    let mut command = Command::new(workspace::target().join("debug/suites"));
    command
        .args(["races", "--rounds", &rounds.to_string()])
        .env("IRSA_CACHE_DIR", workspace::cache()?);
    process::run(&mut command)
}

fn opensearch(rounds: usize) -> Result<(), Failure> {
    progress::note(&format!("irsa apply opensearch: {rounds} rounds"));
    let mut command = workspace::cargo();
    command
        .args(["test", "--package", "irsa-apply", "--test", "it", "--"])
        .args(["--ignored", "--exact", OPENSEARCH, "--nocapture"])
        .env("IRSA_RACES", rounds.to_string())
        .env("IRSA_REQUIRE_CLIENTS", "1")
        .env("IRSA_CACHE_DIR", workspace::cache()?);
    process::run(&mut command)
}

fn rounds(words: &[&str]) -> Result<usize, Failure> {
    match words {
        [] => Ok(ROUNDS),
        ["--rounds", rounds] => rounds
            .parse()
            .map_err(|_| Failure::usage(format!("`{rounds}` is not a number of rounds"))),
        _ => Err(Failure::usage(
            "`cargo xtask suites races` takes only `sql` or `opensearch`, and `--rounds N`",
        )),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rounds_are_a_number() {
        assert_eq!(rounds(&[]).unwrap(), ROUNDS);
        assert_eq!(rounds(&["--rounds", "20"]).unwrap(), 20);
        for words in [&["--rounds"][..], &["--rounds", "many"], &["20"]] {
            assert!(rounds(words).is_err(), "{words:?}");
        }
    }

    #[test]
    fn an_unknown_store_is_rejected_before_the_build() {
        for words in [
            &["redis"][..],
            &["sql", "opensearch"],
            &["sql", "--rounds", "x"],
        ] {
            assert!(run(words).is_err(), "{words:?}");
        }
    }
}
