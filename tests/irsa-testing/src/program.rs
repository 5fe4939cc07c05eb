//! Runs our programs to completion.
#![expect(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::missing_panics_doc,
    reason = "a test that can't go on fails"
)]

use std::env;
use std::path::PathBuf;
use std::process::{Command, ExitStatus, Stdio};
use std::sync::mpsc::channel;
use std::thread;
use std::time::Duration;

use rustix::process::{Pid, Signal, kill_process};

use crate::secrets;

/// Time limit for a command, far above what any needs.
pub const PATIENCE: Duration = Duration::from_secs(40);

/// The result of a command.
#[derive(Debug)]
pub struct Finished {
    /// The exit code.
    pub code: i32,
    /// Standard output.
    pub stdout: String,
    /// Standard error.
    pub stderr: String,
}

/// Returns the path of the program `name`, which was built into the same target directory as this test.
///
/// # Panics
/// It was not built.
pub fn path(name: &str) -> PathBuf {
    let own = env::current_exe().unwrap();
    let folder = own
        .ancestors()
        .skip(1)
        .find(|folder| !folder.ends_with("deps"));
    let program = folder.unwrap().join(name);
    assert!(
        program.is_file(),
        "`{name}` is not built: run `cargo build --workspace`"
    );
    program
}

/// Returns the command of `irsa`, with only PATH in its environment.
pub fn irsa(arguments: &[&str]) -> Command {
    program("irsa", arguments)
}

/// Returns the command of `irsa-lab`, with only PATH in its environment.
pub fn irsa_lab(arguments: &[&str]) -> Command {
    program("irsa-lab", arguments)
}

fn program(name: &str, arguments: &[&str]) -> Command {
    let mut command = Command::new(path(name));
    command
        .args(arguments)
        .env_clear()
        .envs(env::var_os("PATH").map(|path| ("PATH", path)))
        .stdin(Stdio::null());
    command
}

/// Returns the command of `irsa` with static keys, which need no STS and so no lab.
pub fn irsa_with_keys(arguments: &[&str]) -> Command {
    let mut command = irsa(arguments);
    command
        .env("IRSA_IDENTITY", "env")
        .env("AWS_ACCESS_KEY_ID", "AKIAIOSFODNN7EXAMPLE")
        .env("AWS_SECRET_ACCESS_KEY", secrets::GIVEN)
        .env("AWS_REGION", "eu-central-1");
    command
}

/// Runs a command to completion and checks that its output contains no secret.
pub fn finish(command: &mut Command) -> Finished {
    let child = command
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let pid = Pid::from_child(&child);
    let (ended, end) = channel::<()>();
    let watch = thread::spawn(move || {
        if end.recv_timeout(PATIENCE).is_err() {
            let _ = kill_process(pid, Signal::KILL);
        }
    });
    let output = child.wait_with_output().unwrap();
    ended.send(()).expect("the program hangs");
    watch.join().unwrap();
    let stderr = String::from_utf8(output.stderr).unwrap();
    secrets::check(&stderr);
    Finished {
        code: code(output.status),
        stdout: String::from_utf8(output.stdout).unwrap(),
        stderr,
    }
}

/// Returns the exit code; fails if a signal ended the program.
pub fn code(status: ExitStatus) -> i32 {
    status.code().unwrap_or_else(|| panic!("{status}"))
}

// === impl Finished ===

impl Finished {
    /// Returns the output of a successful command.
    pub fn printed(&self) -> &str {
        assert_eq!(self.code, 0, "{}", self.stderr);
        self.stdout.trim_end()
    }

    /// Returns the output of a successful command as JSON.
    pub fn json(&self) -> serde_json::Value {
        serde_json::from_str(self.printed()).unwrap()
    }

    /// Returns the errors: the sentences after `error:`, or the messages in JSON.
    pub fn errors(&self) -> Vec<String> {
        let lines = self.stderr.lines();
        lines.filter_map(error_in).collect()
    }

    /// Fails unless the command reports that `link` is broken, with a remedy.
    pub fn check_broken(&self, link: &str) {
        assert_eq!(self.code, 3, "{self:?}");
        let forms = [
            [format!("(link: {link})"), "\n help: ".to_owned()],
            [format!("(link: {link}, cause: "), "\n help: ".to_owned()],
            [format!("\"link\":\"{link}\""), "\"remedy\":".to_owned()],
        ];
        let has_all = |form: &[String; 2]| form.iter().all(|part| self.stderr.contains(part));
        assert!(forms.iter().any(has_all), "{}", self.stderr);
        assert_eq!(self.stdout, "");
    }
}

fn error_in(line: &str) -> Option<String> {
    if let Some(sentence) = line.strip_prefix("error: ") {
        return Some(sentence.to_owned());
    }
    let record: serde_json::Value = serde_json::from_str(line).ok()?;
    let is_error = record["level"] == "ERROR" && record["exit_code"].is_u64();
    is_error.then(|| record["message"].as_str().unwrap_or_default().to_owned())
}
