//! The project's task runner: `cargo xtask help` lists the tasks.
//!
//! Plain Rust with few dependencies, so that it builds in seconds and needs nothing that a bare machine lacks.
#![expect(clippy::print_stdout, reason = "a task runner talks to the terminal")]

mod bench;
mod demo;
mod dist;
mod docs;
mod failure;
mod fuzz;
mod generate;
mod guides;
mod image;
mod lint;
mod numbers;
mod prepare;
mod process;
mod product;
mod progress;
mod suite;
mod suites;
mod table;
mod workspace;

use std::process::ExitCode;

use failure::Failure;

/// A task: its name and arguments, its purpose, and its function.
struct Task {
    name: &'static str,
    usage: &'static str,
    summary: &'static str,
    /// Whether its program has its own `--help`.
    explains_itself: bool,
    run: fn(&[String]) -> Result<(), Failure>,
}

const TASKS: [Task; 12] = [
    Task {
        name: "demo",
        usage: "[ARGS]",
        summary: "build irsa and irsa-lab, and run `irsa-lab demo`",
        explains_itself: true,
        run: demo::run,
    },
    Task {
        name: "test",
        usage: "[STAGE]",
        summary: "run everything that CI runs: prepare, lint, cargo",
        explains_itself: false,
        run: suite::run,
    },
    Task {
        name: "lint",
        usage: "[words]",
        summary: "check format, clippy, crate graph, licenses, pages, wording",
        explains_itself: false,
        run: lint::run,
    },
    Task {
        name: "numbers",
        usage: "[--binary] [--output json]",
        summary: "print the size of files and functions, the packages in irsa; size, start and memory of irsa",
        explains_itself: false,
        run: numbers::run,
    },
    Task {
        name: "gen",
        usage: "[--check | rds-roots | dist DIR]",
        summary: "write the generated files",
        explains_itself: false,
        run: generate::run,
    },
    Task {
        name: "guides",
        usage: "[GUIDE..]",
        summary: "write the fault tables of the guides from a run",
        explains_itself: false,
        run: guides::run,
    },
    Task {
        name: "docs",
        usage: "",
        summary: "build the documentation site with mdBook",
        explains_itself: false,
        run: docs::run,
    },
    Task {
        name: "image",
        usage: "[--debug | --binary FILE] [--out FILE | --root DIR]",
        summary: "pack irsa into an OCI image archive, with a bill of materials",
        explains_itself: false,
        run: image::run,
    },
    Task {
        name: "dist",
        usage: "[--out DIR] [--target TRIPLE].. [--twice] [--advisory-db DIR]",
        summary: "build a release: static programs, archives, Debian packages, images, chart, checksums",
        explains_itself: false,
        run: dist::run,
    },
    Task {
        name: "bench",
        usage: "SIDE [OPTIONS]",
        summary: "compare performance with the alternatives",
        explains_itself: false,
        run: bench::run,
    },
    Task {
        name: "fuzz",
        usage: "[SECONDS]",
        summary: "run every fuzz target",
        explains_itself: false,
        run: fuzz::run,
    },
    Task {
        name: "suites",
        usage: "SUITE --source DIR [TEST..]",
        summary: "run a different project's test suite straight and through irsa; race two runs of irsa apply",
        explains_itself: false,
        run: suites::run,
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
        Failure::usage(format!("unknown task `{name}`"))
            .remedy("run `cargo xtask help` for the list of tasks")
    })?;
    match rest {
        [word] if is_help(word) && !task.explains_itself => {
            let typed = format!("cargo xtask {} {}", task.name, task.usage);
            progress::say(&format!("{}\n\n{}", typed.trim_end(), task.summary));
            Ok(())
        }
        _ => (task.run)(rest),
    }
}

fn is_help(word: &str) -> bool {
    matches!(word, "help" | "--help" | "-h")
}

fn help() {
    progress::say("cargo xtask TASK\n");
    for task in &TASKS {
        let typed = format!("{} {}", task.name, task.usage);
        progress::say(&format!("  {typed:<30} {}", task.summary));
    }
    progress::say("\nStages of `test`: prepare, lint, cargo (default: all of them).");
    progress::say("`cargo xtask bench postgres --help` lists its options.");
}
