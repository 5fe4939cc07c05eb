//! `cargo xtask suites`: test suites of other projects through irsa, outside CI.

use crate::failure::Failure;
use crate::{process, progress, workspace};

/// Builds irsa and runs `interop`'s program, which knows the suites.
pub(crate) fn run(arguments: &[String]) -> Result<(), Failure> {
    let [_, option, _, ..] = arguments else {
        return Err(usage());
    };
    if option != "--source" {
        return Err(usage());
    }
    progress::note("building irsa");
    let build = ["build", "--locked", "--package", "irsa"];
    process::run(workspace::cargo().args(build))?;
    let run = ["run", "--locked", "--package", "interop", "--bin", "suites"];
    let mut command = workspace::cargo();
    command
        .args(run)
        .arg("--")
        .args(arguments)
        .env("IRSA_CACHE_DIR", workspace::cache()?);
    process::run(&mut command)
}

fn usage() -> Failure {
    Failure::usage(
        "`cargo xtask suites` takes a suite and `--source` with the folder of its sources",
    )
    .remedy("cargo xtask suites psycopg|postgres-regress|libpq-pipeline --source DIR [TEST..]")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_suite_without_its_sources_is_refused_before_anything_is_built() {
        for words in [&["psycopg"][..], &["psycopg", "--sauce", "x"], &[]] {
            let words: Vec<String> = words.iter().map(|word| (*word).to_owned()).collect();
            let failure = run(&words).unwrap_err();
            assert!(failure.to_string().contains("--source"), "{words:?}");
        }
    }
}
