//! `irsa completions SHELL`.

use std::io::{self, Write};
use std::process::ExitCode;

use clap::CommandFactory;
use clap_complete::{Shell, generate};

use crate::cli::Cli;
use crate::exit::Failure;
use crate::output;

pub(crate) fn run(shell: Shell) -> Result<ExitCode, Failure> {
    // Into memory first: the generator takes a reader that is gone for a defect of its own.
    let mut script = Vec::new();
    generate(shell, &mut Cli::command(), "irsa", &mut script);
    let mut out = io::stdout().lock();
    output::written(out.write_all(&script).and_then(|()| out.flush()))?;
    Ok(ExitCode::SUCCESS)
}
