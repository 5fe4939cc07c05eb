//! Runs the doctor in a pod by `kubectl exec`.

use std::ffi::OsString;
use std::io::ErrorKind;
use std::path::PathBuf;
use std::process::Stdio;
use std::time::Duration;

use irsa_chain::untrusted::printable;
use irsa_doctor::{Finding, received_findings};
use irsa_identity::scrub;
use tokio::io::{AsyncRead, AsyncReadExt as _};
use tokio::process::Command;
use tokio::time::timeout;

use super::sidecar::Sidecar;
use super::target::Target;
use crate::settings::SetupDoctorSettings;

/// The maximum size of a report; reports have less than 100 kB.
const MAX_OUTPUT: u64 = 2 << 20;
/// The maximum number of bytes read, and of characters shown, of an error message.
const MAX_ERRORS: u64 = 8 << 10;
const MAX_SHOWN: usize = 300;
/// The time that `kubectl` and the API server have besides the checks.
const OVERHEAD: Duration = Duration::from_secs(3);
/// The minimum time limit of the checks in the pod.
const SHORTEST: Duration = Duration::from_secs(2);

/// The program, with the user's kubeconfig and context.
#[derive(Debug)]
pub(super) struct Kubectl {
    kubeconfig: Option<PathBuf>,
    context: Option<String>,
}

/// The reason why there is no report, and what to do.
#[derive(Debug)]
pub(super) struct ExecFailure {
    pub(super) why: String,
    pub(super) remedy: String,
}

// === impl Kubectl ===

impl Kubectl {
    pub(super) fn new(settings: &SetupDoctorSettings, context: Option<&str>) -> Self {
        Self {
            kubeconfig: settings.kubeconfig.clone(),
            context: context.map(str::to_owned),
        }
    }

    /// Runs `irsa doctor` in the sidecar, and returns its findings.
    pub(super) async fn doctor(
        &self,
        sidecar: &Sidecar,
        target: &Target,
        limit: Duration,
    ) -> Result<Vec<Finding>, ExecFailure> {
        let arguments = self.arguments(sidecar, target, limit);
        let mut command = Command::new("kubectl");
        command.args(arguments);
        if let Some(kubeconfig) = &self.kubeconfig {
            // It may be a list of files, which `--kubeconfig` does not accept.
            command.env("KUBECONFIG", kubeconfig);
        }
        let output = timeout(limit, run(command)).await;
        let (stdout, stderr) = output.map_err(|_| ExecFailure {
            why: format!("no report within {} s", limit.as_secs()),
            remedy: "raise `--timeout`".to_owned(),
        })??;
        received_findings(&stdout).map_err(|why| {
            let error = first_line(&stderr);
            let error = error.map_or_else(String::new, |error| format!(": {error}"));
            ExecFailure {
                why: format!("`kubectl exec` returned no report: {why}{error}"),
                remedy: by_hand(sidecar),
            }
        })
    }

    /// The arguments, each of which is passed as it is: no shell reads them.
    fn arguments(&self, sidecar: &Sidecar, target: &Target, limit: Duration) -> Vec<OsString> {
        let context = self
            .context
            .as_ref()
            .map(|name| format!("--context={name}"));
        let seconds = limit.saturating_sub(OVERHEAD).max(SHORTEST).as_secs();
        let kubectl = [
            "exec".to_owned(),
            format!("--namespace={}", sidecar.namespace),
            format!("--container={}", sidecar.container),
            sidecar.pod.clone(),
            "--".to_owned(),
        ];
        let doctor = [
            "irsa".to_owned(),
            "doctor".to_owned(),
            "--from=pod".to_owned(),
            "--output=json".to_owned(),
            format!("--timeout={seconds}s"),
        ];
        let database = target.workload.databases.first();
        let user = database.and_then(|one| one.user.as_ref());
        let user = user.map(|user| format!("--user={user}"));
        let name = database.and_then(|one| one.name.as_ref());
        let name = name.map(|name| format!("--database={name}"));
        let all = context.into_iter().chain(kubectl).chain(doctor);
        all.chain(user).chain(name).map(OsString::from).collect()
    }
}

/// Runs the command, and returns what it printed.
async fn run(mut command: Command) -> Result<(Vec<u8>, Vec<u8>), ExecFailure> {
    command
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .kill_on_drop(true);
    let mut child = command.spawn().map_err(|error| not_started(&error))?;
    let (stdout, stderr) = tokio::join!(
        bounded(child.stdout.take(), MAX_OUTPUT),
        bounded(child.stderr.take(), MAX_ERRORS)
    );
    let read = |error| failure(format!("cannot read the output of `kubectl`: {error}"));
    let (stdout, stderr) = (stdout.map_err(read)?, stderr.map_err(read)?);
    if stdout.len() as u64 > MAX_OUTPUT {
        return Err(failure(format!(
            "its report is larger than {} MiB",
            MAX_OUTPUT >> 20
        )));
    }
    // The exit code is that of the doctor in the pod, which is in its report.
    let ended = child.wait().await;
    ended.map_err(|error| failure(format!("cannot wait for `kubectl`: {error}")))?;
    Ok((stdout, stderr))
}

/// Reads at most one byte more than `most`.
async fn bounded(
    pipe: Option<impl AsyncRead + Unpin>,
    most: u64,
) -> Result<Vec<u8>, std::io::Error> {
    let mut bytes = Vec::new();
    if let Some(pipe) = pipe {
        pipe.take(most + 1).read_to_end(&mut bytes).await?;
    }
    Ok(bytes)
}

fn not_started(error: &std::io::Error) -> ExecFailure {
    if error.kind() == ErrorKind::NotFound {
        return ExecFailure {
            why: "`kubectl` is not in PATH".to_owned(),
            remedy: "install kubectl, which `--exec` runs".to_owned(),
        };
    }
    failure(format!("cannot run `kubectl`: {error}"))
}

fn failure(why: String) -> ExecFailure {
    ExecFailure {
        why,
        remedy: "run `kubectl version` to check the program and its connection".to_owned(),
    }
}

/// The command to run instead, in which names are those of Kubernetes objects.
fn by_hand(sidecar: &Sidecar) -> String {
    let Sidecar {
        namespace,
        pod,
        container,
    } = sidecar;
    format!(
        "run `kubectl -n {namespace} exec {pod} -c {container} -- irsa doctor` to see the error"
    )
}

/// The first line of an error message that is not empty.
fn first_line(bytes: &[u8]) -> Option<String> {
    let text = String::from_utf8_lossy(bytes);
    let mut lines = text.lines().map(str::trim);
    let line = lines.find(|line| !line.is_empty())?;
    Some(printable(&scrub(line, &[])).longest(MAX_SHOWN).to_string())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_report_that_is_too_large_is_refused() {
        let mut command = Command::new("head");
        command.args(["-c", "3000000", "/dev/zero"]);
        let failure = run(command).await.unwrap_err();
        assert!(failure.why.contains("larger than 2 MiB"), "{}", failure.why);
    }

    #[test]
    fn an_error_is_one_printable_line_without_secrets() {
        let token = "IQoJb3JpZ2luX2VjE".repeat(8);
        let line = first_line(format!("\n \x1b[31merror: {token}\nmore").as_bytes()).unwrap();
        assert!(!line.contains('\x1b') && !line.contains(&token), "{line}");
        assert!(line.contains("error:") && !line.contains("more"), "{line}");
        assert_eq!(first_line(b"\n"), None);
    }
}
