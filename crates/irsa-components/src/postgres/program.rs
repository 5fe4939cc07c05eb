//! How PostgreSQL's programs are run: under the right account, in an environment of their own.

use std::path::{Path, PathBuf};
use std::process::{Output, Stdio};

use tokio::process::Command;

use super::{PostgresError, log_file};
use crate::run_as::RunAs;

/// A command for `program`, not yet run.
///
/// - No variable of ours reaches it: `PGDATA`, `PGPORT`, `LC_*` and the like would change what it does.
/// - It starts in `/`: our own folder may be closed to its account.
/// - It has a process group of its own: Ctrl-C in a terminal reaches its owner, which stops it in order.
pub(super) fn command(program: &Path, run_as: Option<&RunAs>) -> Command {
    let mut command = Command::new(program);
    command
        .env_clear()
        .env("LC_ALL", "C")
        .env("PATH", "/usr/bin:/bin");
    command
        .current_dir("/")
        .process_group(0)
        .stdin(Stdio::null());
    if let Some(account) = run_as {
        command.uid(account.uid()).gid(account.gid());
    }
    command
}

/// Runs a short program to its end.
pub(super) async fn run(program: PathBuf, mut command: Command) -> Result<Output, PostgresError> {
    let output = match command.output().await {
        Ok(output) => output,
        Err(source) => return Err(PostgresError::Run { program, source }),
    };
    if output.status.success() {
        return Ok(output);
    }
    let text = [output.stdout, output.stderr].concat();
    let output_text = log_file::last_lines(&String::from_utf8_lossy(&text));
    Err(PostgresError::Failed {
        program,
        status: output.status,
        output: output_text,
    })
}
