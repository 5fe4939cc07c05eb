//! Stops a process when its owner is killed.
//!
//! A killed process runs no destructor, so something that outlives it must act. A parent-death signal
//! (`PR_SET_PDEATHSIG`) is not used: it can only be set between fork and exec, which is `unsafe`, and it is bound to
//! the *thread* that forked, so that it would fire when an idle worker thread of tokio ends. The guard is a shell
//! instead that waits on a pipe which only the owner holds: whatever ends the owner closes the pipe.

use std::io;
use std::os::unix::process::CommandExt as _;
use std::process::{Child, Command, Stdio};

use crate::run_as::RunAs;

/// `read` fails at the end of the pipe.
const SCRIPT: &str = r#"read -r _ || kill -s "$2" "$1""#;

/// Stops a process when the owner of this value ends.
#[derive(Debug)]
pub struct Guard(Child);

impl Guard {
    /// Starts watching `process_id`, which runs as `run_as` and ends on `signal` (`QUIT`, `KILL`). Errors are logged
    /// and not returned: without a guard everything works until the owner is killed.
    pub fn start(process_id: Option<u32>, run_as: Option<&RunAs>, signal: &str) -> Option<Self> {
        Self::spawn(process_id?, run_as, signal)
            .inspect_err(|error| tracing::warn!(%error, "cannot start a guard process"))
            .ok()
    }

    fn spawn(process_id: u32, run_as: Option<&RunAs>, signal: &str) -> io::Result<Self> {
        let mut command = Command::new("/bin/sh");
        command
            .args(["-c", SCRIPT, "irsa-guard", &process_id.to_string(), signal])
            .env_clear()
            .current_dir("/")
            .process_group(0)
            .stdin(Stdio::piped())
            .stdout(Stdio::null())
            .stderr(Stdio::null());
        if let Some(account) = run_as {
            command.uid(account.uid()).gid(account.gid());
        }
        command.spawn().map(Self)
    }
}

impl Drop for Guard {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}
