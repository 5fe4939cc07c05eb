//! `irsa completions SHELL`.

use std::process::ExitCode;

use clap::CommandFactory;
use clap_complete::{Shell, generate};

use crate::cli::Cli;
use crate::exit::Failure;

#[expect(clippy::unnecessary_wraps, reason = "every command has this signature")]
pub(crate) fn run(shell: Shell) -> Result<ExitCode, Failure> {
    generate(shell, &mut Cli::command(), "irsa", &mut std::io::stdout());
    Ok(ExitCode::SUCCESS)
}
