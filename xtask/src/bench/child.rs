//! Server processes.

use std::io::{BufRead as _, BufReader};
use std::net::TcpListener;
use std::process::{Child, Command, Stdio};

use serde_json::Value;

use crate::failure::Failure;

/// A process that ends when this value is dropped: its standard input is closed, and it is killed if it does not end.
#[derive(Debug)]
pub(crate) struct Process(Child);

impl Process {
    /// Starts a program and reads the JSON line with its addresses.
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
                Failure::new(format!(
                    "`{program}` did not start: it printed `{}`",
                    line.trim()
                ))
            })?,
        ))
    }

    /// Starts a program.
    pub(crate) fn spawn(command: &mut Command) -> Result<Self, Failure> {
        let program = command.get_program().display().to_string();
        command
            .spawn()
            .map(Self)
            .map_err(|error| Failure::new(format!("cannot run `{program}`: {error}")))
    }

    pub(crate) fn id(&self) -> u32 {
        self.0.id()
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        // The program that starts PostgreSQL stops it when its standard input ends.
        if self.0.stdin.take().is_none() {
            let _ = self.0.kill();
        }
        let _ = self.0.wait();
    }
}

/// Returns a port on which nothing listens, for a program that does not print its own.
pub(super) fn free_port() -> Result<u16, Failure> {
    let address = TcpListener::bind(("127.0.0.1", 0)).and_then(|listener| listener.local_addr());
    address
        .map(|address| address.port())
        .map_err(|error| Failure::new(format!("no free port: {error}")))
}
