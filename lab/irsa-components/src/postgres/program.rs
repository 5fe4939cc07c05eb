//! Running PostgreSQL's programs.

use std::path::PathBuf;
use std::process::Output;

use tokio::process::Command;

use super::PostgresError;
use crate::log_file;

/// Runs a short program to completion.
pub(super) async fn run(program: PathBuf, mut command: Command) -> Result<Output, PostgresError> {
    let output = match command.kill_on_drop(true).output().await {
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
