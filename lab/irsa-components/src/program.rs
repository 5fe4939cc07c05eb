//! Commands of servers, with the right account and a clean environment.

use std::path::Path;
use std::process::Stdio;

use tokio::process::Command;

use crate::run_as::RunAs;

/// Returns a command for `program`.
///
/// - It inherits none of our variables: `PGDATA`, `JAVA_TOOL_OPTIONS`, `LC_*` and others would change its behavior.
/// - It starts in `/`: its account may not be able to enter our directory.
/// - It has a separate process group: Ctrl-C in a terminal reaches only its owner, which stops it in order.
pub(crate) fn command(program: &Path, run_as: Option<&RunAs>) -> Command {
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
