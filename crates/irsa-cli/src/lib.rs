//! Code shared by the command lines of `irsa` and `irsa-lab`: failures and exit codes, mistakes in settings, output,
//! progress, signals, and pages generated from clap's definitions.

pub mod arguments;
pub mod completions;
mod failure;
mod logs;
pub mod man;
mod mistakes;
pub mod output;
mod progress;
pub mod reference;
pub mod runtime;
pub mod signals;
pub mod suggest;

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::Path;
use std::process::ExitCode;

pub use self::failure::{CHAIN_BROKEN, Failure, FailureFormat, UNSURE, USAGE, print_usage_error};
pub use self::logs::{LogArgs, LogSettings};
pub use self::mistakes::Mistakes;
pub use self::output::Output;
pub use self::progress::Progress;

/// The exit code of a program whose main thread panicked (as in Rust's runtime).
const PANICKED: u8 = 101;

/// Runs a program's main function: reports its failure on standard error as text, converts it into the exit code, and
/// flushes the log.
pub fn main(run: impl FnOnce() -> Result<ExitCode, Failure>) -> ExitCode {
    main_with(FailureFormat::Text, run)
}

/// Like [`main`], with a format for failures.
pub fn main_with(
    format: FailureFormat,
    run: impl FnOnce() -> Result<ExitCode, Failure>,
) -> ExitCode {
    let outcome = catch_unwind(AssertUnwindSafe(run));
    let report = |outcome| failure::report(outcome, format);
    let code = outcome.map_or(ExitCode::from(PANICKED), report);
    irsa_ops::logging::flush();
    code
}

/// Formats a path for messages.
pub fn shown(path: &Path) -> String {
    path.display().to_string()
}
