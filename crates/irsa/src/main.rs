//! The `irsa` program: parses the command line, wires the crates together, and chooses the exit code.

mod build;
mod cli;
mod commands;
mod exit;
mod proxy;
mod settings;
mod upstream;

#[cfg(not(panic = "unwind"))]
compile_error!("a panic must end one session, not the process with every session");

use std::process::ExitCode;

use irsa_cli::{completions, output};

use clap::CommandFactory;

use self::cli::{Cli, Command, Parsed};
use self::exit::Failure;

fn main() -> ExitCode {
    irsa_ops::panics::report();
    let parsed = cli::parse();
    irsa_cli::main_with(parsed.failures, || run(parsed))
}

fn run(parsed: Parsed) -> Result<ExitCode, Failure> {
    let Parsed {
        cli,
        mistakes,
        values,
        ..
    } = parsed;
    match cli.command {
        Command::Proxy(args) => commands::proxy::run(args, mistakes, values),
        Command::Token(args) => commands::token::run(args, mistakes),
        Command::Credentials(args) => commands::credentials::run(args, mistakes),
        Command::Whoami(args) => commands::whoami::run(args, mistakes),
        Command::Exec(args) => commands::exec::run(args, mistakes, values),
        Command::Lab { arguments } => commands::moved::run("", &arguments),
        Command::Demo { arguments } => commands::moved::run("demo", &arguments),
        Command::Doctor(args) => commands::doctor::run(args, mistakes),
        Command::Policy(args) => commands::policy::run(args, mistakes),
        Command::Init(args) => commands::init::run(&args, mistakes),
        Command::Show(args) => commands::show::run(&args, mistakes),
        Command::Check(args) => commands::check::run(&args, mistakes),
        Command::Render(args) => commands::render::run(&args, mistakes),
        Command::Apply(args) => commands::apply::run(args, mistakes),
        Command::Webhook(args) => commands::webhook::run(args, mistakes),
        Command::Status(args) => commands::status::run(&args, mistakes),
        Command::Explain(args) => commands::explain::run(&args, mistakes),
        Command::Completions { shell } => completions::print(Cli::command(), shell),
        Command::Reference { page } => commands::reference::run(page),
        Command::Man { directory } => irsa_cli::man::write(Cli::command(), &directory),
    }
}
