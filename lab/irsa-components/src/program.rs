//! How servers' programs are run: under the right account, in an environment of their own.

use std::path::Path;
use std::process::Stdio;

use tokio::process::Command;

use crate::run_as::RunAs;

/// A command for `program`, not yet run.
///
/// - No variable of ours reaches it: `PGDATA`, `JAVA_TOOL_OPTIONS`, `LC_*` and the like would change what it does.
/// - It starts in `/`: our own folder may be closed to its account.
/// - It has a process group of its own: Ctrl-C in a terminal reaches its owner, which stops it in order.
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
