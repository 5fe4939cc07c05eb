//! Shell completion scripts.

use std::io::{self, Write};
use std::process::ExitCode;

use clap::Command;
use clap_complete::{Shell, generate};

use crate::{Failure, output};

/// Prints the completion script of `command` for a shell.
///
/// # Errors
/// Standard output cannot be written.
pub fn print(mut command: Command, shell: Shell) -> Result<ExitCode, Failure> {
    // Generated in memory first, because the generator panics if the reader has gone away.
    let mut script = Vec::new();
    let name = command.get_name().to_owned();
    generate(shell, &mut command, name, &mut script);
    let mut out = io::stdout().lock();
    output::written(out.write_all(&script).and_then(|()| out.flush()))?;
    Ok(ExitCode::SUCCESS)
}
