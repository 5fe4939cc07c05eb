//! `cargo xtask numbers`: the size of files and functions of each crate, compared with the targets; the number of
//! packages in the release binary; with `--binary` also its size, start time and memory.
//!
//! Counts production lines only: no tests, benches, examples, generated files or inline `#[cfg(test)] mod`; blank lines
//! and comments count. Functions are found by rustfmt's indentation.

mod binary;
mod measure;
mod source;
mod statistics;

use std::fs;
use std::path::{Path, PathBuf};

use serde_json::{Value, json};

use crate::failure::Failure;
use crate::product::Tree;
use crate::{progress, table, workspace};
use binary::Binary;
use measure::Measure;
use statistics::Statistics;

const HEAD: [&str; 9] = [
    "crate",
    "files",
    "lines",
    "file med/p90/max",
    ">500",
    "fn med/p90/p99",
    "fn >60",
    "test/prod",
    "unwrap/kloc",
];

/// Maximum number of packages in the release binary.
const PACKAGES: usize = 285;

/// The targets, as a row of the table.
const TARGET: [&str; 9] = [
    "target",
    "",
    "",
    "<=150/<=400/800",
    "<=3%",
    "<=8/<=26/<=80",
    "<=2%",
    ">=0.70",
    "0",
];

/// The options.
#[derive(Debug, Default, PartialEq, Eq)]
struct Options {
    /// Prints one JSON object on each line instead of tables.
    json: bool,
    /// Builds and measures the release binary.
    binary: bool,
}

/// Prints tables, or JSON lines with `--output json`.
pub(crate) fn run(arguments: &[String]) -> Result<(), Failure> {
    let options = Options::parse(arguments)?;
    sources(&options)?;
    packages(&options)?;
    if options.binary {
        binary(&options)?;
    }
    Ok(())
}

/// Prints the packages in the release binary.
fn packages(options: &Options) -> Result<(), Failure> {
    let tree = Tree::for_product()?;
    if options.json {
        let subtrees = tree.heaviest().into_iter();
        let subtrees: Vec<Value> = subtrees
            .map(|subtree| json!({"package": subtree.package, "packages": subtree.packages}))
            .collect();
        progress::say(&json!({"packages": tree.len(), "heaviest": subtrees}).to_string());
        return Ok(());
    }
    progress::say(&format!(
        "\n{} packages in `irsa` (target: {PACKAGES})\n",
        tree.len()
    ));
    let rows: Vec<Vec<String>> = tree
        .heaviest()
        .into_iter()
        .map(|subtree| vec![subtree.package, subtree.packages.to_string()])
        .collect();
    progress::say(&table::render(&["heaviest subtrees", "packages"], &rows));
    Ok(())
}

/// Prints the measurements of the release binary.
fn binary(options: &Options) -> Result<(), Failure> {
    let measured = Binary::measure()?;
    if options.json {
        let line = json!({
            "binary_bytes": measured.size,
            "start_ms": measured.start,
            "idle_memory_kib": measured.idle_memory,
        });
        progress::say(&line.to_string());
        return Ok(());
    }
    #[expect(
        clippy::cast_precision_loss,
        reason = "a binary is far smaller than 2^52 bytes"
    )]
    let size = measured.size as f64 / (1024.0 * 1024.0);
    let memory = measured.idle_memory / 1024.0;
    progress::say(&format!(
        "\nstripped binary {size:.1} MiB (target: 16), start to listening {:.0} ms (20), idle memory {memory:.1} MiB (12)",
        measured.start
    ));
    Ok(())
}

/// Prints the size of files and functions.
fn sources(options: &Options) -> Result<(), Failure> {
    let mut total = Measure::default();
    let mut rows = Vec::new();
    for folder in crates()? {
        let name = folder
            .file_name()
            .unwrap_or_default()
            .to_string_lossy()
            .into_owned();
        let measure = Measure::for_folder(&folder)?;
        rows.push((name, measure.statistics()));
        total.add(measure);
    }
    rows.push(("total".to_owned(), total.statistics()));
    if options.json {
        print_json(&rows);
    } else {
        print_table(&rows);
    }
    Ok(())
}

/// Returns the directories of all crates: product, lab, tests, each sorted by name, then xtask.
fn crates() -> Result<Vec<PathBuf>, Failure> {
    let root = workspace::root();
    let mut folders = Vec::new();
    for group in ["crates", "lab", "tests"] {
        folders.extend(subfolders(&root.join(group))?);
    }
    folders.push(root.join("xtask"));
    Ok(folders)
}

fn subfolders(folder: &Path) -> Result<Vec<PathBuf>, Failure> {
    let entries = fs::read_dir(folder).map_err(Failure::file(folder))?;
    let mut folders: Vec<PathBuf> = entries
        .flatten()
        .map(|entry| entry.path())
        .filter(|path| path.is_dir())
        .collect();
    folders.sort();
    Ok(folders)
}

fn print_table(rows: &[(String, Statistics)]) {
    let mut cells: Vec<Vec<String>> = rows
        .iter()
        .map(|(name, statistics)| row(name, statistics))
        .collect();
    cells.push(TARGET.map(str::to_owned).to_vec());
    progress::say(&table::render(&HEAD, &cells));
}

fn row(name: &str, s: &Statistics) -> Vec<String> {
    vec![
        name.to_owned(),
        s.files.to_string(),
        s.lines.to_string(),
        format!("{}/{}/{}", s.file_median, s.file_p90, s.file_max),
        format!("{:.0}%", s.files_over_500),
        format!("{}/{}/{}", s.fn_median, s.fn_p90, s.fn_p99),
        format!("{:.1}%", s.fns_over_60),
        format!("{:.2}", s.test_ratio),
        format!("{:.1}", s.unwraps_per_kloc),
    ]
}

fn print_json(rows: &[(String, Statistics)]) {
    for (name, statistics) in rows {
        progress::say(&object(name, statistics).to_string());
    }
}

fn object(name: &str, s: &Statistics) -> Value {
    json!({
        "crate": name, "files": s.files, "lines": s.lines,
        "file_median": s.file_median, "file_p90": s.file_p90, "file_max": s.file_max,
        "files_over_500_percent": s.files_over_500,
        "fn_median": s.fn_median, "fn_p90": s.fn_p90, "fn_p99": s.fn_p99, "fn_max": s.fn_max,
        "fns_over_60_percent": s.fns_over_60,
        "test_ratio": s.test_ratio, "doc_ratio": s.doc_ratio, "comment_ratio": s.comment_ratio,
        "unwraps_per_kloc": s.unwraps_per_kloc,
    })
}

impl Options {
    fn parse(arguments: &[String]) -> Result<Self, Failure> {
        let mut options = Self::default();
        let mut words = arguments.iter().map(String::as_str);
        while let Some(word) = words.next() {
            match (word, word == "--output" && words.next() == Some("json")) {
                ("--binary", _) => options.binary = true,
                ("--output", true) => options.json = true,
                _ => {
                    return Err(Failure::usage(
                        "`cargo xtask numbers` accepts `--binary` and `--output json`",
                    ));
                }
            }
        }
        Ok(options)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(words: &[&str]) -> Result<Options, Failure> {
        let words: Vec<String> = words.iter().map(|word| (*word).to_owned()).collect();
        Options::parse(&words)
    }

    #[test]
    fn options_are_parsed_and_others_rejected() {
        let both = parse(&["--binary", "--output", "json"]).unwrap();
        assert_eq!(
            both,
            Options {
                json: true,
                binary: true
            }
        );
        assert_eq!(parse(&[]).unwrap(), Options::default());
        for words in [&["--output"][..], &["--output", "text"], &["binary"]] {
            assert!(parse(words).is_err(), "{words:?}");
        }
    }
}
