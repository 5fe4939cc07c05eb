//! Errors in the command line itself, as clap reports them.

use std::ffi::OsString;
use std::io::{IsTerminal, stderr};

use clap::Error;
use clap::error::{ContextKind, ErrorKind};

/// Prints the error and exits: with code 2, or with 0 for help and the version.
pub(super) fn exit(error: &Error) -> ! {
    let typed: Vec<OsString> = std::env::args_os().skip(1).collect();
    let hint = hint(error, &typed);
    if error.use_stderr() && is_json(&typed) {
        let text = error.render().to_string();
        let mut lines = text.lines();
        let first = lines.next().unwrap_or_default();
        let tips = lines.filter_map(|line| line.trim().strip_prefix("tip: "));
        let remedy: Vec<&str> = tips.chain(hint.as_deref()).collect();
        let remedy = (!remedy.is_empty()).then(|| remedy.join("; "));
        irsa_cli::print_usage_error(first.trim_start_matches("error: "), remedy.as_deref());
        std::process::exit(i32::from(irsa_cli::USAGE));
    }
    let _ = error.print();
    if let Some(hint) = hint {
        anstream::eprintln!("\n  tip: {hint}");
    }
    std::process::exit(error.exit_code());
}

/// Returns a hint for `irsa exec psql`: clap does not know that a command follows.
fn hint(error: &Error, typed: &[OsString]) -> Option<String> {
    let is_exec = typed.first().is_some_and(|command| command == "exec");
    let has_separator = typed.iter().any(|word| word == "--");
    if !is_exec || has_separator {
        return None;
    }
    match error.kind() {
        ErrorKind::UnknownArgument => {
            let word = error.get(ContextKind::InvalidArg)?.to_string();
            (!word.starts_with('-'))
                .then(|| format!("to run a command, put `--` before it: `irsa exec -- {word}`"))
        }
        ErrorKind::MissingRequiredArgument => {
            Some("add the command after `--`: `irsa exec -- COMMAND`".to_owned())
        }
        _ => None,
    }
}

/// Returns whether the output is JSON. The command line cannot be parsed, so its text is searched for the flags.
fn is_json(typed: &[OsString]) -> bool {
    let given = |flag: &str, value: &str| {
        let joined = format!("{flag}={value}");
        typed.iter().any(|word| *word == *joined)
            || typed
                .windows(2)
                .any(|pair| pair[0] == *flag && pair[1] == *value)
    };
    let is_proxy = typed.first().is_some_and(|command| command == "proxy");
    let is_text = given("--log-format", "text") || given("--output", "text");
    let is_piped = is_proxy && !is_text && !stderr().is_terminal();
    given("--output", "json") || given("--log-format", "json") || is_piped
}
