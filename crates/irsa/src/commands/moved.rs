//! `irsa lab` and `irsa demo`, which have moved to `irsa-lab`. The message remains for one release.

use std::ffi::OsString;
use std::process::ExitCode;

use irsa_cli::USAGE;

use crate::exit::Failure;

/// Reports the command that replaces the one that was typed, with the same arguments.
pub(crate) fn run(command: &str, arguments: &[OsString]) -> Result<ExitCode, Failure> {
    let typed = arguments.iter().map(|argument| argument.to_string_lossy());
    let words = ["irsa-lab".into(), command.into()].into_iter().chain(typed);
    let words: Vec<_> = words.filter(|word| !word.is_empty()).collect();
    Err(Failure::Coded {
        message: "the lab and its demo are a separate program, `irsa-lab`".to_owned(),
        remedy: Some(format!("run `{}`", words.join(" "))),
        code: USAGE,
    })
}
