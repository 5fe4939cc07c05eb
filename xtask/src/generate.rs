//! `cargo xtask gen`: writes the generated files, which are committed.

mod causes;
mod rds_roots;

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use crate::failure::Failure;
use crate::{process, progress, workspace};

/// A file and its content.
struct Generated {
    path: PathBuf,
    content: String,
}

/// The pages that our programs print: program, arguments and file.
const PAGES: [(&str, &[&str], &str); 4] = [
    ("irsa", &["reference"], "docs/reference/settings.md"),
    (
        "irsa",
        &["reference", "metrics"],
        "docs/reference/metrics.md",
    ),
    (
        "irsa",
        &["reference", "schema"],
        "docs/reference/irsa.schema.json",
    ),
    ("irsa-lab", &["reference"], "docs/reference/irsa-lab.md"),
];

/// Writes the generated files; with `--check` only reports which are out of date. `rds-roots` downloads Amazon's root
/// certificates, which needs npm and the network and is therefore separate. `dist DIR` writes what is packed with the
/// programs but not committed.
pub(crate) fn run(arguments: &[String]) -> Result<(), Failure> {
    match arguments.iter().map(String::as_str).collect::<Vec<_>>()[..] {
        [] => {
            write(&quick())?;
            write(&pages()?)?;
            written_by_tests()
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
        ["dist", folder] => dist(Path::new(folder)),
        _ => Err(Failure::usage(
            "invalid arguments: use `--check`, `rds-roots`, `dist DIR`, or none",
        )),
    }
}

/// Returns the files that are out of date, among those that need no build. Tests check the others.
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

/// Files of the documentation that the Helm chart contains. Helm reads no files outside of a chart.
const OF_THE_CHART: [&str; 2] = ["alerts.yaml", "dashboard.json"];

/// Returns the files that need no build.
fn quick() -> Vec<Generated> {
    let root = workspace::root();
    let copied = |name| Generated {
        path: root.join("deploy/charts/irsa/files").join(name),
        content: fs::read_to_string(root.join("docs/monitoring").join(name)).unwrap_or_default(),
    };
    let mut files: Vec<_> = OF_THE_CHART.into_iter().map(copied).collect();
    files.push(Generated {
        path: root.join("docs/causes.md"),
        content: causes::document(),
    });
    files
}

/// Returns the pages that our programs print. Tests include these files, so they are written before the tests are
/// built.
fn pages() -> Result<Vec<Generated>, Failure> {
    workspace::build_programs()?;
    let page = |(program, arguments, path): (&str, &[&str], &str)| {
        let program = workspace::target().join("debug").join(program);
        let content = process::capture(Command::new(program).args(arguments))?;
        Ok(Generated {
            path: workspace::root().join(path),
            content,
        })
    };
    PAGES.into_iter().map(page).collect()
}

const SHELLS: [&str; 3] = ["bash", "fish", "zsh"];

/// Writes completion scripts and manual pages of both programs to `completions` and `man` in `folder`.
fn dist(folder: &Path) -> Result<(), Failure> {
    workspace::build_programs()?;
    for name in ["irsa", "irsa-lab"] {
        documents(&workspace::target().join("debug").join(name), name, folder)?;
    }
    progress::note(&format!("wrote the pages to {}", folder.display()));
    Ok(())
}

/// Writes what a program prints about itself: its completion scripts to `completions` in `folder`, and its manual pages
/// to `man`.
pub(crate) fn documents(program: &Path, name: &str, folder: &Path) -> Result<(), Failure> {
    let (completions, man) = (folder.join("completions"), folder.join("man"));
    for folder in [&completions, &man] {
        fs::create_dir_all(folder).map_err(Failure::file(folder))?;
    }
    process::run(Command::new(program).arg("man").arg(&man))?;
    let scripts: Result<Vec<_>, Failure> = SHELLS
        .iter()
        .map(|shell| {
            let content = process::capture(Command::new(program).args(["completions", shell]))?;
            let path = completions.join(format!("{name}.{shell}"));
            Ok(Generated { path, content })
        })
        .collect();
    write(&scripts?)
}

/// Files that tests write, because they need what only tests have: test binaries and test.
const WRITTEN_BY_TESTS: [(&[&str], &str); 3] = [
    (&["--test", "it"], "docs::"),
    (
        &["--test", "it"],
        "the_kustomize_base_is_the_rendered_chart",
    ),
    (&["--lib"], "the_documentation_has_the_table"),
];

/// Runs these tests with the features of the whole workspace, for the reason that [`workspace::build`] gives.
fn written_by_tests() -> Result<(), Failure> {
    for (binaries, test) in WRITTEN_BY_TESTS {
        let mut command = workspace::cargo();
        command.args(["test", "--workspace", "--locked", "--quiet"]);
        command.args(binaries).arg(test);
        process::run(command.env("IRSA_UPDATE_DOCS", "1"))?;
    }
    Ok(())
}
