//! Programs that tasks run.

use std::env;
use std::path::PathBuf;
use std::process::{Command, Stdio};

use crate::failure::Failure;

/// Number of a failed program's last lines that are shown.
const SHOWN_LINES: usize = 40;

/// Runs a program on this terminal.
pub(crate) fn run(command: &mut Command) -> Result<(), Failure> {
    let status = command
        .status()
        .map_err(|error| failed_start(command, &error))?;
    if status.success() {
        Ok(())
    } else {
        Err(Failure::new(format!(
            "`{}` failed: {status}",
            name(command)
        )))
    }
}

/// Runs a program and returns its standard output.
pub(crate) fn capture(command: &mut Command) -> Result<String, Failure> {
    capture_with(command, Stdio::null())
}

/// Runs a program with an input and returns its standard output.
pub(crate) fn capture_with(
    command: &mut Command,
    input: impl Into<Stdio>,
) -> Result<String, Failure> {
    let output = command
        .stdin(input)
        .output()
        .map_err(|error| failed_start(command, &error))?;
    if output.status.success() {
        return Ok(String::from_utf8_lossy(&output.stdout).into_owned());
    }
    let said = [tail(&output.stdout), tail(&output.stderr)].concat();
    Err(Failure::new(format!(
        "`{}` failed: {}\n{said}",
        name(command),
        output.status
    )))
}

/// Runs a program and shows its output only if it fails.
pub(crate) fn quietly(command: &mut Command) -> Result<(), Failure> {
    capture(command).map(drop)
}

/// Returns the path of a program on `PATH`.
pub(crate) fn find(program: &str) -> Option<PathBuf> {
    let path = env::var_os("PATH").unwrap_or_default();
    env::split_paths(&path)
        .map(|folder| folder.join(program))
        .find(|file| file.is_file())
}

fn failed_start(command: &Command, error: &std::io::Error) -> Failure {
    Failure::new(format!(
        "cannot run `{}`: {error}",
        command.get_program().display()
    ))
}

fn name(command: &Command) -> String {
    let program = PathBuf::from(command.get_program());
    let first = command
        .get_args()
        .next()
        .map(|word| format!(" {}", word.display()))
        .unwrap_or_default();
    format!(
        "{}{first}",
        program.file_name().unwrap_or_default().display()
    )
}

fn tail(bytes: &[u8]) -> String {
    let text = String::from_utf8_lossy(bytes);
    let lines: Vec<&str> = text.lines().collect();
    let start = lines.len().saturating_sub(SHOWN_LINES);
    let indented = lines.iter().skip(start).map(|line| {
        [
            "  ", line, "
",
        ]
        .concat()
    });
    indented.collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_failed_program_shows_its_last_lines() {
        let mut shell = Command::new("sh");
        shell.args(["-c", "echo seen; echo why >&2; exit 3"]);
        let text = quietly(&mut shell).unwrap_err().to_string();
        assert!(
            text.contains("seen") && text.contains("why") && text.contains("`sh -c`"),
            "{text}"
        );
    }

    #[test]
    fn a_missing_program_is_named() {
        let text = run(&mut Command::new("no-such-program"))
            .unwrap_err()
            .to_string();
        assert!(text.contains("`no-such-program`"), "{text}");
    }
}
