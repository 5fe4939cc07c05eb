//! `cargo xtask gen`: files that a program writes, and that are committed all the same.

mod causes;
mod rds_roots;

use std::fs;
use std::path::PathBuf;

use crate::failure::Failure;
use crate::{progress, workspace};

/// A file and what it has to hold.
struct Generated {
    path: PathBuf,
    content: String,
}

/// Writes the generated files; with `--check` only says whether they are up to date; `rds-roots` fetches Amazon's
/// root certificates anew (which needs npm and the network, so it is not part of the others).
pub(crate) fn run(arguments: &[String]) -> Result<(), Failure> {
    match arguments.iter().map(String::as_str).collect::<Vec<_>>()[..] {
        [] => write(),
        ["--check"] => match stale() {
            findings if findings.is_empty() => Ok(()),
            findings => Err(Failure::new(findings.join("\n"))),
        },
        ["rds-roots"] => rds_roots::refresh(),
        _ => Err(Failure::usage(
            "`cargo xtask gen` takes nothing, `--check` or `rds-roots`",
        )),
    }
}

/// The generated files that differ from what would be generated now.
pub(crate) fn stale() -> Vec<String> {
    let mut findings = Vec::new();
    for file in files() {
        if fs::read_to_string(&file.path).unwrap_or_default() != file.content {
            findings.push(format!(
                "`{}` is out of date: run `cargo xtask gen`",
                file.path.display()
            ));
        }
    }
    findings
}

fn write() -> Result<(), Failure> {
    for file in files() {
        fs::write(&file.path, &file.content).map_err(Failure::file(&file.path))?;
        progress::note(&format!("wrote {}", file.path.display()));
    }
    Ok(())
}

fn files() -> Vec<Generated> {
    vec![Generated {
        path: workspace::root().join("docs/causes.md"),
        content: causes::document(),
    }]
}
