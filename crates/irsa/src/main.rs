//! The command line: it reads what was typed, wires the rooms together, and picks the exit code.

mod cli;
mod commands;
mod exit;
mod output;
mod progress;
mod proxy;
mod settings;
mod upstream;

#[cfg(not(panic = "unwind"))]
compile_error!("a panic must end one session, not the process with every session");

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::process::ExitCode;

use self::cli::Command;
use self::exit::Failure;
use self::settings::Mistakes;

/// The exit code of a program whose main thread panicked, as Rust's runtime has it.
const PANICKED: u8 = 101;

fn main() -> ExitCode {
    irsa_ops::panics::report();
    let (cli, mistakes) = cli::parse();
    let outcome = catch_unwind(AssertUnwindSafe(|| run(cli.command, mistakes)));
    let code = outcome.map_or(ExitCode::from(PANICKED), exit::report);
    irsa_ops::logging::flush();
    code
}

fn run(command: Command, mistakes: Mistakes) -> Result<ExitCode, Failure> {
    match command {
        Command::Proxy(args) => commands::proxy::run(args, mistakes),
        Command::Token(args) => commands::token::run(args, mistakes),
        Command::Credentials(args) => commands::credentials::run(args, mistakes),
        Command::Whoami(args) => commands::whoami::run(args, mistakes),
        Command::Exec(args) => commands::exec::run(args, mistakes),
        Command::Lab(args) => commands::lab::run(args, mistakes),
        Command::Demo(args) => commands::demo::run(args),
        Command::Doctor(args) => commands::doctor::run(args, mistakes),
        Command::Policy(args) => commands::policy::run(args, mistakes),
        Command::Completions { shell } => commands::completions::run(shell),
        Command::Reference => commands::reference::run(),
    }
}
