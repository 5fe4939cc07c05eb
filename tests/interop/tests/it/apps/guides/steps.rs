//! The blocks of a guide, run in their order as a reader pastes them.

use std::ffi::OsString;
use std::fs;
use std::path::PathBuf;
use std::process::{Command, Stdio};

/// A block of shell commands, and what the guide shows of its output.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Step {
    /// The line of the page on which the block begins.
    pub(super) line: usize,
    pub(super) script: String,
    /// Lines that the output has, in this order, perhaps with others between them.
    shown: Vec<String>,
}

impl Step {
    /// Returns a step that is not from a page.
    pub(super) fn new(script: &str) -> Self {
        Self {
            line: 0,
            script: script.to_owned(),
            shown: Vec::new(),
        }
    }
}

/// The mark of a block that is left out, before its reason.
const NOT_RUN: &str = "<!-- not run: ";

/// The mark of lines of the output that the guide does not show.
const LEFT_OUT: &str = "...";

/// Returns the steps of a page: its blocks of `sh`, each with the block of `text` after it.
pub(super) fn steps(page: &str) -> Vec<Step> {
    let mut steps: Vec<Step> = Vec::new();
    let mut is_run = true;
    let mut lines = page.lines().zip(1..);
    while let Some((line, number)) = lines.next() {
        if line.starts_with(NOT_RUN) {
            is_run = false;
            continue;
        }
        let Some(language) = line.strip_prefix("```") else {
            continue;
        };
        let block = lines.by_ref().map(|(line, _)| line);
        let block: Vec<_> = block.take_while(|line| *line != "```").collect();
        match language {
            "sh" if is_run => steps.push(Step {
                line: number + 1,
                script: block.join("\n"),
                shown: Vec::new(),
            }),
            "sh" => is_run = true,
            "text" => {
                let step = steps.last_mut().expect("output follows commands");
                let lines = block.into_iter().filter(|line| *line != LEFT_OUT);
                step.shown = lines.map(str::to_owned).collect();
            }
            _ => panic!("line {number}: the test knows no blocks of `{language}`"),
        }
    }
    steps
}

/// A reader's shell: each step runs in the directory and with the variables that the one before has left.
pub(super) struct Shell {
    folder: PathBuf,
    environment: Vec<(OsString, OsString)>,
    state: PathBuf,
}

impl Shell {
    /// Returns a shell that starts in `folder` with exactly these variables, and keeps its state in a file.
    pub(super) fn new(
        folder: PathBuf,
        environment: Vec<(OsString, OsString)>,
        state: PathBuf,
    ) -> Self {
        Self {
            folder,
            environment,
            state,
        }
    }

    /// Runs a step and returns its output.
    ///
    /// # Panics
    /// A command fails, or the output lacks a line that the guide shows.
    pub(super) fn run(&self, step: &Step) -> String {
        let Step {
            line,
            script,
            shown,
        } = step;
        let state = self.state.display();
        let script = format!(
            "set -eu -o pipefail\nexec 2>&1\nif [ -f '{state}' ]; then . '{state}'; fi\n{script}\n\
             {{ export -p; printf 'cd %q\\n' \"$PWD\"; }} > '{state}'\n"
        );
        let output = Command::new("bash")
            .args(["-c", &script])
            .current_dir(&self.folder)
            .env_clear()
            .envs(self.environment.iter().map(|(name, value)| (name, value)))
            .stdin(Stdio::null())
            .output()
            .unwrap();
        let text = String::from_utf8_lossy(&output.stdout).into_owned();
        let errors = String::from_utf8_lossy(&output.stderr);
        assert!(
            output.status.success(),
            "the block at line {line} failed: {}\n{text}\n{errors}",
            output.status
        );
        let mut rest = text.lines();
        for wanted in shown {
            let found = rest.any(|one| one.contains(wanted.as_str()));
            assert!(found, "the output of line {line} lacks `{wanted}`:\n{text}");
        }
        text
    }

    /// Returns the text of a file that the steps have written.
    pub(super) fn file(&self, name: &str) -> Option<String> {
        fs::read_to_string(self.folder.join(name)).ok()
    }
}

#[test]
fn a_page_is_read_as_steps_with_their_output() {
    let page = "# Title\n\n```sh\na\nb\n```\n\n```text\nshown\n...\n```\n<!-- not run: no -->\n```sh\nc\n```\n```sh\nd\n```\n";
    let step = |line, script: &str, shown: &[&str]| Step {
        line,
        script: script.to_owned(),
        shown: shown.iter().map(|line| (*line).to_owned()).collect(),
    };
    assert_eq!(
        steps(page),
        [step(4, "a\nb", &["shown"]), step(17, "d", &[])]
    );
}

#[test]
fn variables_and_directory_last_from_step_to_step() {
    let folder = tempfile::tempdir().unwrap();
    let path = std::env::var_os("PATH").unwrap_or_default();
    let shell = Shell::new(
        folder.path().to_owned(),
        vec![("PATH".into(), path)],
        folder.path().join("state"),
    );
    let page = "```sh\nmkdir inner\ncd inner\nexport A='it'\"'\"'s \"$\"'\n```\n```sh\necho \"$A\" > file\necho one; echo two\n```\n```text\none\ntwo\n```\n";
    for step in steps(page) {
        shell.run(&step);
    }
    assert_eq!(shell.file("inner/file").unwrap(), "it's \"$\"\n");
}
