//! The command line of `irsa-lab`.

mod cli;
mod demo;
mod env;
mod irsa_program;
mod programs;
mod reference;
mod serve;

use std::process::ExitCode;

use clap::{CommandFactory, FromArgMatches};
use irsa_cli::{Failure, arguments, completions};

use self::cli::{Cli, Command};

fn main() -> ExitCode {
    irsa_ops::panics::report();
    let mut parser = arguments::ignore_empty_variables(Cli::command());
    let matches = parser.get_matches_mut();
    let cli = Cli::check_options(&mut parser, &matches)
        .and_then(|()| Cli::from_arg_matches(&matches))
        .unwrap_or_else(|error| error.exit());
    irsa_cli::main(|| run(cli))
}

fn run(cli: Cli) -> Result<ExitCode, Failure> {
    let state_dir = cli.state_dir.unwrap_or_else(serve::default_state_dir);
    match cli.command {
        None => serve::run(cli.serve, &state_dir),
        Some(Command::Env(args)) => env::run(&args, &state_dir),
        Some(Command::Demo(args)) => demo::run(args),
        Some(Command::Completions { shell }) => completions::print(Cli::command(), shell),
        Some(Command::Reference) => reference::run(),
        Some(Command::Man { directory }) => irsa_cli::man::write(Cli::command(), &directory),
    }
}
