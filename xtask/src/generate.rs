//! `cargo xtask gen`: files that a program writes, and that are committed all the same.

mod causes;
mod rds_roots;

use std::fs;
use std::path::PathBuf;
use std::process::Command;

use crate::failure::Failure;
use crate::{process, progress, workspace};

/// A file and what it has to hold.
struct Generated {
    path: PathBuf,
    content: String,
}

/// The pages that our programs print, by program.
const PAGES: [(&str, &str); 2] = [
    ("irsa", "docs/reference/settings.md"),
    ("irsa-lab", "docs/reference/irsa-lab.md"),
];

/// Writes the generated files. With `--check` it only reports which are out of date. `rds-roots` downloads Amazon's root
/// certificates again; it needs npm and the network, so it is not part of the others.
pub(crate) fn run(arguments: &[String]) -> Result<(), Failure> {
    match arguments.iter().map(String::as_str).collect::<Vec<_>>()[..] {
        [] => {
            write(&quick())?;
            write(&pages()?)?;
            doctor_pages()
        }
        ["--check"] => {
            let mut findings = out_of_date(&quick());
            findings.extend(out_of_date(&pages()?));
            if findings.is_empty() {
                Ok(())
            } else {
                Err(Failure::new(findings.join("\n")))
            }
        }
        ["rds-roots"] => rds_roots::refresh(),
        _ => Err(Failure::usage(
            "`cargo xtask gen` takes nothing, `--check` or `rds-roots`",
        )),
    }
}

/// The generated files that are out of date, among those that need no build. Tests check the others.
pub(crate) fn stale() -> Vec<String> {
    out_of_date(&quick())
}

fn out_of_date(files: &[Generated]) -> Vec<String> {
    files
        .iter()
        .filter(|file| fs::read_to_string(&file.path).unwrap_or_default() != file.content)
        .map(|file| {
            format!(
                "`{}` is out of date: run `cargo xtask gen`",
                file.path.display()
            )
        })
        .collect()
}

fn write(files: &[Generated]) -> Result<(), Failure> {
    for file in files {
        fs::write(&file.path, &file.content).map_err(Failure::file(&file.path))?;
        progress::note(&format!("wrote {}", file.path.display()));
    }
    Ok(())
}

/// What needs no build.
fn quick() -> Vec<Generated> {
    vec![Generated {
        path: workspace::root().join("docs/causes.md"),
        content: causes::document(),
    }]
}

/// What our programs print about their own settings. The pages are compiled into tests, so that they must exist first.
fn pages() -> Result<Vec<Generated>, Failure> {
    let build = [
        "build",
        "--locked",
        "--package",
        "irsa",
        "--package",
        "irsa-lab-cli",
    ];
    process::run(workspace::cargo().args(build))?;
    let page = |(program, path): (&str, &str)| {
        let program = workspace::target().join("debug").join(program);
        let content = process::capture(Command::new(program).arg("reference"))?;
        Ok(Generated {
            path: workspace::root().join(path),
            content,
        })
    };
    PAGES.into_iter().map(page).collect()
}

/// The doctor's pages, which need its scenarios and so are written by one of its tests.
fn doctor_pages() -> Result<(), Failure> {
    let test = [
        "test",
        "--locked",
        "--package",
        "irsa-doctor",
        "--test",
        "it",
        "docs::",
    ];
    process::run(workspace::cargo().args(test).env("IRSA_UPDATE_DOCS", "1"))
}
