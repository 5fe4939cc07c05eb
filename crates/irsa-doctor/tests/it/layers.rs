//! The modules of the pod checks depend on each other in one direction: steps on the state, the state on probes.

use std::fs;
use std::path::{Path, PathBuf};

/// Names that only steps and their shared code may use.
const FINDINGS: [&str; 5] = ["CheckOutcome", "Finding", "Work", "::outcome", "::steps"];
/// Names that only the state and the steps may use.
const STATE: [&str; 2] = ["Pod", "::state"];

#[test]
fn probes_depend_on_neither_state_nor_findings() {
    let mut probes = 0;
    for (path, text) in sources() {
        if is_steps(&path) || is_state(&path) {
            continue;
        }
        probes += 1;
        for name in FINDINGS.iter().chain(&STATE) {
            assert!(!uses(&text, name), "{} uses {name}", path.display());
        }
    }
    assert!(probes >= 8, "{probes}");
}

#[test]
fn the_state_does_not_depend_on_findings() {
    let state: Vec<_> = sources()
        .into_iter()
        .filter(|(path, _)| is_state(path))
        .collect();
    assert!(!state.is_empty());
    for (path, text) in state {
        for name in FINDINGS {
            assert!(!uses(&text, name), "{} uses {name}", path.display());
        }
    }
}

fn is_steps(path: &Path) -> bool {
    path == Path::new("outcome.rs")
        || path
            .iter()
            .any(|name| name == "steps" || name == "steps.rs")
}

fn is_state(path: &Path) -> bool {
    path.iter()
        .any(|name| name == "state" || name == "state.rs")
}

/// Returns whether a line of code contains the name as a whole word.
fn uses(text: &str, name: &str) -> bool {
    let is_part = |c: char| c.is_alphanumeric() || c == '_';
    let code = text
        .lines()
        .filter(|line| !line.trim_start().starts_with("//"));
    code.flat_map(|line| line.match_indices(name).map(move |(at, _)| (line, at)))
        .any(|(line, at)| {
            let ends = !line[at + name.len()..].starts_with(is_part);
            ends && (name.starts_with(':') || !line[..at].ends_with(is_part))
        })
}

fn sources() -> Vec<(PathBuf, String)> {
    let (mut found, mut folders) = (Vec::new(), vec![folder()]);
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                folders.push(path);
            } else {
                let text = fs::read_to_string(&path).unwrap();
                found.push((path.strip_prefix(self::folder()).unwrap().to_owned(), text));
            }
        }
    }
    found
}

fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("src/pod")
}
