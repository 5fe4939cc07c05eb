//! The command line: it reads what was typed, wires the rooms together, and picks the exit code.

mod cli;
mod commands;
mod exit;
mod output;
mod progress;
mod proxy;
mod settings;
mod upstream;

use std::process::ExitCode;

use clap::Parser;

use self::cli::{Cli, Command};
use self::exit::Failure;

fn main() -> ExitCode {
    let outcome = run(Cli::parse().command);
    exit::report(outcome)
}

fn run(command: Command) -> Result<ExitCode, Failure> {
    match command {
        Command::Proxy(args) => commands::proxy::run(args),
        Command::Token(args) => commands::token::run(args),
        Command::Credentials(args) => commands::credentials::run(args),
        Command::Whoami(args) => commands::whoami::run(args),
        Command::Exec(args) => commands::exec::run(args),
        Command::Lab(args) => commands::lab::run(args),
        Command::Demo(args) => commands::demo::run(args),
        Command::Completions { shell } => commands::completions::run(shell),
    }
}
