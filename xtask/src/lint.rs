//! `cargo xtask lint`: all checks of the source.

mod deny;
mod dependencies;
mod graph;
mod inherit;
mod license;
mod words;

use std::ffi::OsStr;

use serde_json::Value;

use crate::failure::Failure;
use crate::{docs, generate, process, progress, workspace};

/// The findings of a check.
type Findings = Result<Vec<String>, Failure>;

/// Runs every check, whatever the others find; with `words` only that one, which needs no build.
pub(crate) fn run(arguments: &[String]) -> Result<(), Failure> {
    match arguments.iter().map(String::as_str).collect::<Vec<_>>()[..] {
        [] => all(),
        ["words"] if passes("words", &words::check) => Ok(()),
        ["words"] => Err(Failure::new("phrases to avoid were found")),
        _ => Err(Failure::usage(
            "`cargo xtask lint` accepts no argument except `words`",
        )),
    }
}

fn all() -> Result<(), Failure> {
    let metadata = workspace::metadata()?;
    let checks: [(&str, &dyn Fn() -> Findings); 8] = [
        ("format", &|| cargo(&["fmt", "--all", "--check"])),
        ("lints are inherited", &|| inherit::check(&metadata)),
        ("crate graph", &|| graph::check(&metadata)),
        ("dependencies", &|| dependencies::check(&metadata)),
        ("words", &words::check),
        ("pages", &docs::check),
        ("generated files", &|| Ok(generate::stale())),
        ("clippy", &clippy),
    ];
    let failed = checks
        .iter()
        .filter(|(name, check)| !passes(name, *check))
        .count();
    if failed == 0 {
        Ok(())
    } else {
        Err(Failure::new(format!(
            "{failed} of {} checks failed",
            checks.len()
        )))
    }
}

fn passes(name: &str, check: &dyn Fn() -> Findings) -> bool {
    let result = progress::timed(&format!("lint: {name}"), || match check()? {
        findings if findings.is_empty() => Ok(()),
        findings => Err(Failure::new(findings.join("\n"))),
    });
    if let Err(failure) = &result {
        progress::complain(failure);
    }
    result.is_ok()
}

fn clippy() -> Findings {
    cargo(&[
        "clippy",
        "--workspace",
        "--all-targets",
        "--locked",
        "--quiet",
        "--keep-going",
        "--",
        "-D",
        "warnings",
    ])
}

fn cargo(arguments: &[&str]) -> Findings {
    process::quietly(workspace::cargo().args(arguments.iter().map(OsStr::new)))?;
    Ok(Vec::new())
}

/// Returns the members of the workspace in the output of `cargo metadata`.
fn members(metadata: &Value) -> impl Iterator<Item = &Value> {
    let ids = list(metadata, "workspace_members");
    list(metadata, "packages")
        .iter()
        .filter(move |package| ids.iter().any(|id| *id == package["id"]))
}

fn list<'a>(value: &'a Value, key: &str) -> &'a [Value] {
    value[key].as_array().map_or(&[], Vec::as_slice)
}

fn text<'a>(value: &'a Value, key: &str) -> &'a str {
    value[key].as_str().unwrap_or_default()
}
