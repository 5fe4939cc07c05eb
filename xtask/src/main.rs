//! The one entry for people: `cargo xtask help` lists the tasks.
//!
//! Plain Rust with next to no dependencies, so that it builds in seconds and needs no tool that a bare machine lacks.
#![expect(clippy::print_stdout, reason = "a task runner talks to the terminal")]

mod bench;
mod demo;
mod failure;
mod fuzz;
mod generate;
mod guides;
mod lint;
mod numbers;
mod prepare;
mod process;
mod progress;
mod suite;
mod table;
mod workspace;

use std::process::ExitCode;

use failure::Failure;

/// A task: what is typed, what it is for, what it does with the arguments that follow.
struct Task {
    name: &'static str,
    usage: &'static str,
    summary: &'static str,
    run: fn(&[String]) -> Result<(), Failure>,
}

const TASKS: [Task; 8] = [
    Task {
        name: "demo",
        usage: "[ARGS]",
        summary: "build irsa and run `irsa demo`",
        run: demo::run,
    },
    Task {
        name: "test",
        usage: "[STAGE]",
        summary: "everything that CI runs: prepare, lint, cargo",
        run: suite::run,
    },
    Task {
        name: "lint",
        usage: "",
        summary: "format, clippy, crate graph, licences, generated files",
        run: lint::run,
    },
    Task {
        name: "numbers",
        usage: "[--output json]",
        summary: "size of files and functions, crate by crate",
        run: numbers::run,
    },
    Task {
        name: "gen",
        usage: "[--check | rds-roots]",
        summary: "write generated files afresh",
        run: generate::run,
    },
    Task {
        name: "guides",
        usage: "[GUIDE..]",
        summary: "write the guides' tables of broken links from a run",
        run: guides::run,
    },
    Task {
        name: "bench",
        usage: "SIDE [OPTIONS]",
        summary: "measure against the alternatives",
        run: bench::run,
    },
    Task {
        name: "fuzz",
        usage: "[SECONDS]",
        summary: "run every fuzz target for a while",
        run: fuzz::run,
    },
];

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    match dispatch(&arguments) {
        Ok(()) => ExitCode::SUCCESS,
        Err(failure) => {
            progress::complain(&failure);
            ExitCode::from(failure.exit_code())
        }
    }
}

fn dispatch(arguments: &[String]) -> Result<(), Failure> {
    let Some((name, rest)) = arguments.split_first().filter(|(name, _)| !is_help(name)) else {
        help();
        return Ok(());
    };
    let task = TASKS.iter().find(|task| task.name == name).ok_or_else(|| {
        Failure::usage(format!("there is no task `{name}`"))
            .remedy("`cargo xtask help` lists the tasks")
    })?;
    (task.run)(rest)
}

fn is_help(word: &str) -> bool {
    matches!(word, "help" | "--help" | "-h")
}

fn help() {
    println!("cargo xtask TASK\n");
    for task in &TASKS {
        println!(
            "  {:<30} {}",
            format!("{} {}", task.name, task.usage),
            task.summary
        );
    }
    println!("\nStages of `test`: prepare, lint, cargo (default: all of them).");
    println!("`cargo xtask bench postgres --help` lists its options.");
}
