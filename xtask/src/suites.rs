//! `cargo xtask suites`: the test suites of other projects through irsa, Camunda's charts with its values, the test pods
//! of the EKS webhook, and races of `irsa apply`, outside of CI.

mod golden_pods;
mod races;

use std::process::Command;

use crate::failure::Failure;
use crate::{process, progress, workspace};

/// Builds irsa and runs the program of `interop` that knows the suites.
pub(crate) fn run(arguments: &[String]) -> Result<(), Failure> {
    let words: Vec<_> = arguments.iter().map(String::as_str).collect();
    if let ["races", words @ ..] = words.as_slice() {
        return races::run(words);
    }
    if let ["golden-pods", "--source", source] = words.as_slice() {
        return golden_pods::run(source);
    }
    if !matches!(
        words.as_slice(),
        ["charts", "--from", _] | [_, "--source", _, ..]
    ) {
        return Err(usage());
    }
    progress::note("building irsa");
    workspace::build(&["--bin", "irsa", "--bin", "suites"])?;
    let mut command = Command::new(workspace::target().join("debug/suites"));
    command
        .args(arguments)
        .env("IRSA_CACHE_DIR", workspace::cache()?);
    process::run(&mut command)
}

fn usage() -> Failure {
    Failure::usage(
        "`cargo xtask suites` needs a suite, and `--source` with the directory of its sources",
    )
    .remedy(
        "run `cargo xtask suites psycopg|postgres-regress|libpq-pipeline --source DIR [TEST..]`, or `cargo xtask suites \
         charts --from DIR` with a checkout of camunda/camunda-platform-helm, `cargo xtask suites \
         golden-pods --source DIR` with a checkout of aws/amazon-eks-pod-identity-webhook, or `cargo xtask suites \
         races [sql|opensearch] [--rounds N]`",
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_suite_without_sources_is_rejected_before_the_build() {
        for words in [
            &["psycopg"][..],
            &["psycopg", "--sauce", "x"],
            &["charts", "--from"],
            &[],
        ] {
            let words: Vec<String> = words.iter().map(|word| (*word).to_owned()).collect();
            let failure = run(&words).unwrap_err();
            assert!(failure.to_string().contains("--source"), "{words:?}");
        }
    }
}
