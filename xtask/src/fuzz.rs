//! `cargo xtask fuzz`: runs every fuzz target for a while.

use std::fs;
use std::num::NonZeroU32;
use std::process::Command;

use crate::failure::Failure;
use crate::{process, progress, workspace};

const DEFAULT_SECONDS: NonZeroU32 = NonZeroU32::new(60).unwrap();

/// Runs each target of `tests/fuzz/` for the given number of seconds (60 by default), or prints what is missing.
pub(crate) fn run(arguments: &[String]) -> Result<(), Failure> {
    let seconds = seconds(arguments)?;
    if let Some(lacking) = lacking() {
        progress::note(&format!("fuzzing is skipped: {lacking}"));
        return Ok(());
    }
    for target in targets()? {
        progress::heading(&format!("fuzz {target}"));
        let mut command = nightly();
        command.args([
            "fuzz",
            "run",
            "--fuzz-dir",
            "tests/fuzz",
            &target,
            "--",
            &format!("-max_total_time={seconds}"),
        ]);
        // The release profile would link each target slowly, and the backtrace of a crash needs names.
        command
            .env("CARGO_PROFILE_RELEASE_LTO", "off")
            .env("CARGO_PROFILE_RELEASE_STRIP", "none");
        process::run(&mut command)?;
    }
    Ok(())
}

fn seconds(arguments: &[String]) -> Result<NonZeroU32, Failure> {
    match arguments {
        [] => Ok(DEFAULT_SECONDS),
        // For libFuzzer 0 means no limit, and the first target would run forever.
        [text] => text
            .parse()
            .map_err(|_| Failure::usage(format!("`{text}` is not a number of seconds"))),
        _ => Err(Failure::usage(
            "more than one argument is given: use `cargo xtask fuzz [SECONDS]`",
        )),
    }
}

fn lacking() -> Option<&'static str> {
    if !workspace::root().join("tests/fuzz/Cargo.toml").is_file() {
        return Some("tests/fuzz has no targets");
    }
    if process::quietly(nightly().arg("--version")).is_err() {
        return Some("no nightly toolchain (`rustup toolchain install nightly`)");
    }
    if process::quietly(nightly().args(["fuzz", "--version"])).is_err() {
        return Some("cargo-fuzz is not installed (`cargo install cargo-fuzz`)");
    }
    None
}

/// Returns the names in `tests/fuzz/fuzz_targets`, sorted.
fn targets() -> Result<Vec<String>, Failure> {
    let folder = workspace::root().join("tests/fuzz/fuzz_targets");
    let entries = fs::read_dir(&folder).map_err(Failure::file(&folder))?;
    let names = entries
        .flatten()
        .map(|entry| entry.path())
        .filter(|path| path.extension().is_some_and(|e| e == "rs"));
    let mut names: Vec<String> = names
        .filter_map(|path| {
            path.file_stem()
                .map(|stem| stem.to_string_lossy().into_owned())
        })
        .collect();
    names.sort();
    Ok(names)
}

fn nightly() -> Command {
    let mut command = Command::new("cargo");
    // The variables that select this run's toolchain would take precedence over `+nightly`.
    command
        .arg("+nightly")
        .current_dir(workspace::root())
        .env_remove("RUSTUP_TOOLCHAIN")
        .env_remove("CARGO");
    command
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_time_of_zero_is_rejected() {
        let seconds = |words: &[&str]| {
            let words: Vec<String> = words.iter().map(|word| (*word).to_owned()).collect();
            seconds(&words).ok().map(NonZeroU32::get)
        };
        assert_eq!(seconds(&[]), Some(60));
        assert_eq!(seconds(&["5"]), Some(5));
        for wrong in [&["0"][..], &["-1"], &["5", "6"], &["1h"]] {
            assert_eq!(seconds(wrong), None, "{wrong:?}");
        }
    }
}
