//! A Java process with its log in a file.

use std::ffi::OsString;
use std::fs::{self, File};
use std::io;
use std::path::{Path, PathBuf};
use std::process::{ExitStatus, Stdio};
use std::time::Duration;

use irsa_components::guard::Guard;
use rustix::process::{Pid, Signal, kill_process};
use tokio::process::{Child, Command};
use tokio::time::{Instant, sleep, timeout, timeout_at};

use crate::reference_apps::AppError;
use crate::reference_apps::error::last_lines;
use crate::reference_apps::maven::jdk_program;

/// Interval between readiness checks.
const POLL: Duration = Duration::from_millis(100);
/// Time limit for a process to end by itself after SIGTERM.
const STOP_TIMEOUT: Duration = Duration::from_secs(15);
/// Maximum number of log lines in an error.
const SHOWN_LINES: usize = 40;
/// Java requires a password; the store holds nothing secret.
const STORE_PASSWORD: &str = "changeit";
/// Options for a quick start and little memory.
const QUICK: [&str; 3] = [
    "-Xshare:auto",
    "-XX:TieredStopAtLevel=1",
    "-XX:+UseSerialGC",
];

/// A running Java process. It ends when this value is dropped or this process is killed.
#[derive(Debug)]
pub struct Jvm {
    name: &'static str,
    child: Child,
    _guard: Option<Guard>,
    log: PathBuf,
}

/// Returns a command for `java` that starts quickly and inherits none of our variables.
pub fn command(java: &Path) -> Command {
    let mut command = Command::new(java);
    command.args(QUICK).env_clear();
    command.envs(
        ["PATH", "LANG", "HOME"]
            .iter()
            .filter_map(|name| std::env::var_os(name).map(|value| (*name, value))),
    );
    command
}

/// Returns the class path of a Maven build: its classes, and all jars in these folders beside them.
pub fn class_path(built: &Path, libraries: &[&str]) -> OsString {
    let jars = libraries.iter().map(|folder| built.join(folder).join("*"));
    let places: Vec<OsString> = [built.join("classes")]
        .into_iter()
        .chain(jars)
        .map(Into::into)
        .collect();
    places.join(":".as_ref())
}

/// Writes a file for `-Djdk.net.hosts.file` that resolves these names and `localhost` to this machine, and no others.
///
/// # Errors
/// The file cannot be written.
pub fn hosts_file(folder: &Path, names: &[&str]) -> Result<PathBuf, AppError> {
    let file = folder.join("hosts");
    let names = [&["localhost"], names].concat();
    let lines: Vec<String> = names
        .iter()
        .map(|name| format!("127.0.0.1 {name}\n"))
        .collect();
    let failed = |error| AppError::failed(format!("writing `{}`", file.display()), error);
    fs::write(&file, lines.concat()).map_err(failed)?;
    Ok(file)
}

/// Returns the options with which a JVM resolves these names to this machine and trusts only the CA in `ca_file` (PEM),
/// so that AWS's SDK accepts a lab as AWS. Files are written into `folder`.
///
/// # Errors
/// A file cannot be written, or the JDK's `keytool` is missing or fails.
pub async fn with_aws_here(
    folder: &Path,
    names: &[&str],
    ca_file: &Path,
) -> Result<[String; 3], AppError> {
    let hosts = hosts_file(folder, names)?;
    let store = trust_store(folder, ca_file).await?;
    Ok([
        format!("-Djdk.net.hosts.file={}", hosts.display()),
        format!("-Djavax.net.ssl.trustStore={}", store.display()),
        format!("-Djavax.net.ssl.trustStorePassword={STORE_PASSWORD}"),
    ])
}

async fn trust_store(folder: &Path, ca_file: &Path) -> Result<PathBuf, AppError> {
    let store = folder.join("trust.p12");
    let mut command = Command::new(jdk_program("keytool")?);
    command
        .args(["-importcert", "-noprompt", "-alias", "authority"])
        .args(["-storetype", "PKCS12", "-storepass", STORE_PASSWORD])
        .arg("-keystore")
        .arg(&store)
        .arg("-file")
        .arg(ca_file);
    let failed = |problem: String| AppError::failed("making a trust store", problem);
    let output = command.output().await;
    let output = output.map_err(|error| failed(error.to_string()))?;
    if output.status.success() {
        return Ok(store);
    }
    let said = String::from_utf8_lossy(&output.stdout).into_owned();
    Err(failed(said))
}

impl Jvm {
    /// Starts `command` with its output in the file `log`.
    ///
    /// # Errors
    /// The command cannot be started, or the file cannot be written.
    pub fn start(name: &'static str, mut command: Command, log: PathBuf) -> Result<Self, AppError> {
        let failed = |error: io::Error| AppError::failed(format!("starting {name}"), error);
        let output = File::create(&log).map_err(failed)?;
        command
            .stdin(Stdio::null())
            .stdout(output.try_clone().map_err(failed)?)
            .stderr(output)
            .kill_on_drop(true);
        let child = command.spawn().map_err(failed)?;
        let guard = Guard::start(child.id(), None, "KILL");
        Ok(Self {
            name,
            child,
            _guard: guard,
            log,
        })
    }

    /// Polls until `is_ready` returns true.
    ///
    /// # Errors
    /// The process ended, or `limit` passed; the error has the end of its log.
    pub async fn until_ready(
        &mut self,
        is_ready: impl AsyncFn() -> bool,
        limit: Duration,
    ) -> Result<(), AppError> {
        let deadline = Instant::now() + limit;
        while Instant::now() < deadline {
            if let Ok(Some(status)) = self.child.try_wait() {
                return Err(self.failure(format!("ended with {status}")));
            }
            if timeout_at(deadline, is_ready()).await == Ok(true) {
                return Ok(());
            }
            sleep(POLL).await;
        }
        Err(self.failure(format!("is not ready after {} s", limit.as_secs())))
    }

    /// The output so far.
    pub fn log(&self) -> String {
        fs::read(&self.log)
            .map(|bytes| String::from_utf8_lossy(&bytes).into_owned())
            .unwrap_or_default()
    }

    /// Waits for the process to end; returns `None` if it still runs after `limit`.
    pub async fn ended(&mut self, limit: Duration) -> Option<ExitStatus> {
        timeout(limit, self.child.wait()).await.ok()?.ok()
    }

    /// Sends SIGTERM, and kills the process if it does not end in time.
    ///
    /// # Errors
    /// The process had to be killed.
    pub async fn stop(mut self) -> Result<(), AppError> {
        let id = self.child.id().and_then(|id| i32::try_from(id).ok());
        if let Some(id) = id.and_then(Pid::from_raw) {
            let _ = kill_process(id, Signal::TERM);
        }
        if self.ended(STOP_TIMEOUT).await.is_some() {
            return Ok(());
        }
        let _ = self.child.kill().await;
        Err(self.failure(format!("was killed after {} s", STOP_TIMEOUT.as_secs())))
    }

    fn failure(&self, problem: String) -> AppError {
        AppError::Server {
            name: self.name,
            problem,
            log: last_lines(&self.log(), SHOWN_LINES),
        }
    }
}

#[cfg(test)]
mod tests {
    use std::io::{BufRead as _, BufReader};

    use super::*;

    const LIMIT: Duration = Duration::from_mins(1);

    fn shell(script: &str, folder: &Path) -> Jvm {
        let mut command = Command::new("sh");
        command.args(["-c", script]);
        Jvm::start("shell", command, folder.join("log")).unwrap()
    }

    #[tokio::test]
    async fn a_process_that_ends_too_early_shows_its_log() {
        let folder = tempfile::tempdir().unwrap();
        let mut jvm = shell("echo seen; echo why >&2; exit 3", folder.path());
        let error = jvm.until_ready(async || false, LIMIT).await.unwrap_err();
        let text = error.to_string();
        assert!(
            text.contains("exit status: 3") && text.contains("seen\nwhy"),
            "{text}"
        );
    }

    #[tokio::test]
    async fn a_process_that_never_gets_ready_times_out() {
        let folder = tempfile::tempdir().unwrap();
        let mut jvm = shell("exec sleep 60", folder.path());
        let error = jvm
            .until_ready(async || false, Duration::ZERO)
            .await
            .unwrap_err();
        assert!(error.to_string().contains("not ready"), "{error}");
        jvm.stop().await.unwrap();
    }

    #[tokio::test]
    async fn sigterm_ends_a_process() {
        let folder = tempfile::tempdir().unwrap();
        let mut jvm = shell("exec sleep 60", folder.path());
        jvm.until_ready(async || true, LIMIT).await.unwrap();
        assert!(jvm.ended(Duration::ZERO).await.is_none());
        jvm.stop().await.unwrap();
    }

    #[test]
    fn a_killed_owner_leaves_no_process_behind() {
        let mut owner = std::process::Command::new(std::env::current_exe().unwrap())
            .args([
                "--exact",
                "reference_apps::jvm::tests::plays_the_owner",
                "--ignored",
            ])
            .arg("--nocapture")
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let mut lines = BufReader::new(owner.stdout.take().unwrap()).lines();
        let id: u32 = lines
            .find_map(|line| line.unwrap().strip_prefix("process ")?.parse().ok())
            .unwrap();
        assert!(is_running(id));
        owner.kill().unwrap();
        owner.wait().unwrap();
        let deadline = std::time::Instant::now() + LIMIT;
        while is_running(id) {
            assert!(std::time::Instant::now() < deadline, "{id} still runs");
            std::thread::yield_now();
        }
    }

    #[tokio::test]
    #[ignore = "run by a_killed_owner_leaves_no_process_behind in a separate process"]
    async fn plays_the_owner() {
        let folder = tempfile::tempdir().unwrap();
        let jvm = shell("exec sleep 600", folder.path());
        println!("\nprocess {}", jvm.child.id().unwrap());
        std::future::pending::<()>().await;
    }

    /// Returns whether the process runs; a zombie does not.
    fn is_running(id: u32) -> bool {
        fs::read_to_string(format!("/proc/{id}/stat")).is_ok_and(|stat| {
            !stat
                .rsplit(')')
                .next()
                .unwrap_or_default()
                .starts_with(" Z")
        })
    }

    #[test]
    fn a_hosts_file_keeps_localhost() {
        let folder = tempfile::tempdir().unwrap();
        let file = hosts_file(folder.path(), &["db.example.com"]).unwrap();
        let text = fs::read_to_string(file).unwrap();
        assert_eq!(text, "127.0.0.1 localhost\n127.0.0.1 db.example.com\n");
    }
}
