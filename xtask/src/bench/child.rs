//! A server's process.

use std::io::{BufRead as _, BufReader};
use std::process::{Child, Command, Stdio};

use serde_json::Value;

use crate::failure::Failure;

/// A process that ends with this value: by the end of its standard input or, failing that, by force.
#[derive(Debug)]
pub(crate) struct Process(Child);

impl Process {
    /// Starts a program and reads the one JSON line that says where it listens.
    pub(crate) fn start_and_listen(command: &mut Command) -> Result<(Self, Value), Failure> {
        let mut process = Self::spawn(command.stdout(Stdio::piped()))?;
        let mut line = String::new();
        if let Some(output) = process.0.stdout.take() {
            let mut output = BufReader::new(output);
            output
                .read_line(&mut line)
                .map_err(|error| Failure::new(error.to_string()))?;
        }
        let program = command.get_program().display().to_string();
        let value = serde_json::from_str(&line);
        Ok((
            process,
            value.map_err(|_| {
                Failure::new(format!("`{program}` did not start: `{}`", line.trim()))
            })?,
        ))
    }

    /// Starts a program.
    pub(crate) fn spawn(command: &mut Command) -> Result<Self, Failure> {
        let program = command.get_program().display().to_string();
        command
            .spawn()
            .map(Self)
            .map_err(|error| Failure::new(format!("can't run `{program}`: {error}")))
    }

    pub(crate) fn id(&self) -> u32 {
        self.0.id()
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        // The server's starter stops its PostgreSQL when its standard input ends.
        if self.0.stdin.take().is_none() {
            let _ = self.0.kill();
        }
        let _ = self.0.wait();
    }
}
