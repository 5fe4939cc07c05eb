//! The command line: it reads what was typed, wires the rooms together, and picks the exit code.

mod cli;
mod commands;
mod exit;
mod proxy;
mod settings;
mod upstream;

#[cfg(not(panic = "unwind"))]
compile_error!("a panic must end one session, not the process with every session");

use std::process::ExitCode;

use irsa_cli::{Mistakes, completions, output};

use clap::CommandFactory;

use self::cli::{Cli, Command};
use self::exit::Failure;

fn main() -> ExitCode {
    irsa_ops::panics::report();
    let (cli, mistakes) = cli::parse();
    irsa_cli::main(|| run(cli.command, mistakes))
}

fn run(command: Command, mistakes: Mistakes) -> Result<ExitCode, Failure> {
    match command {
        Command::Proxy(args) => commands::proxy::run(args, mistakes),
        Command::Token(args) => commands::token::run(args, mistakes),
        Command::Credentials(args) => commands::credentials::run(args, mistakes),
        Command::Whoami(args) => commands::whoami::run(args, mistakes),
        Command::Exec(args) => commands::exec::run(args, mistakes),
        Command::Lab { arguments } => commands::moved::run("", &arguments),
        Command::Demo { arguments } => commands::moved::run("demo", &arguments),
        Command::Doctor(args) => commands::doctor::run(args, mistakes),
        Command::Policy(args) => commands::policy::run(args, mistakes),
        Command::Completions { shell } => completions::print(Cli::command(), shell),
        Command::Reference => commands::reference::run(),
        Command::Man { directory } => irsa_cli::man::write(Cli::command(), &directory),
    }
}
