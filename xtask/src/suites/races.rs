//! `cargo xtask suites races`: two runs of `irsa apply` at once, again and again.

use crate::failure::Failure;
use crate::{process, progress, workspace};

/// Rounds, if none are given.
const ROUNDS: usize = 1000;
/// The test of irsa-apply that races on a real OpenSearch.
const OPENSEARCH: &str = "opensearch::many_runs_at_once_lose_nothing";

/// Runs the races.
pub(super) fn run(words: &[&str]) -> Result<(), Failure> {
    let rounds = rounds(words)?;
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
            "`cargo xtask suites races` takes only `--rounds N`",
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
}
