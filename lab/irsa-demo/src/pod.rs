//! A pod: the environment of a workload, and `irsa` processes that run in it.

use std::collections::BTreeMap;
use std::path::Path;
use std::process::Stdio;
use std::time::Duration;

use irsa_components::guard::Guard;
use serde_json::Value;
use tokio::io::{AsyncBufReadExt, BufReader};
use tokio::process::{Child, Command};
use tokio::time::timeout;

use crate::DemoError;
use crate::stage::Stage;

/// Time limit for a proxy to start listening, which takes milliseconds.
const START: Duration = Duration::from_secs(30);

/// A pod of one workload.
#[derive(Debug, Clone)]
pub(crate) struct Pod {
    /// The workload's name, which is also that of its security role in the domain.
    pub(crate) workload: String,
    environment: BTreeMap<String, String>,
    pub(crate) user: String,
    pub(crate) database: String,
}

/// A running `irsa proxy`. It ends when this value is dropped or this process is killed.
#[derive(Debug)]
pub(crate) struct Proxy {
    port: u16,
    _process: Child,
    _guard: Option<Guard>,
}

// === impl Proxy ===

impl Proxy {
    /// The address that it listens on: `127.0.0.1:PORT`.
    pub(crate) fn address(&self) -> String {
        format!("127.0.0.1:{}", self.port)
    }
}

// === impl Pod ===

impl Pod {
    /// Returns a healthy pod of the workload.
    pub(crate) fn for_workload(stage: &Stage, workload: &str) -> Result<Self, DemoError> {
        let facts = stage.workload(workload)?;
        let upstream = match facts.domain {
            Some(_) => stage.domain()?.upstream(),
            None => stage.cluster()?.upstream(),
        };
        let upstream = format!("{upstream}&listen=127.0.0.1:0");
        let environment = facts.environment.clone();
        Ok(Self {
            workload: workload.to_owned(),
            environment,
            user: facts.user.clone().unwrap_or_default(),
            database: facts.database.clone().unwrap_or_default(),
        }
        .with("IRSA_UPSTREAMS", upstream))
    }

    #[must_use]
    pub(crate) fn with(mut self, variable: &str, value: impl Into<String>) -> Self {
        self.environment.insert(variable.to_owned(), value.into());
        self
    }

    #[must_use]
    pub(crate) fn with_role(self, name: &str) -> Self {
        self.with(
            "AWS_ROLE_ARN",
            format!("arn:aws:iam::111122223333:role/camunda/{name}"),
        )
    }

    #[must_use]
    pub(crate) fn with_user(mut self, user: &str) -> Self {
        user.clone_into(&mut self.user);
        self
    }

    /// The ARN of the role that the pod assumes.
    pub(crate) fn role_arn(&self) -> &str {
        let arn = self.environment.get("AWS_ROLE_ARN");
        arn.map_or("", String::as_str)
    }

    /// Returns the pod with a different projected token.
    pub(crate) fn with_token(
        self,
        stage: &Stage,
        name: &str,
        token: &str,
    ) -> Result<Self, DemoError> {
        let file = stage.folder().join(format!("{name}.jwt"));
        std::fs::write(&file, token).map_err(|error| DemoError::stage("writing a token", error))?;
        Ok(self.with_token_file(&file))
    }

    #[must_use]
    pub(crate) fn with_token_file(self, file: &Path) -> Self {
        self.with("AWS_WEB_IDENTITY_TOKEN_FILE", file.display().to_string())
    }

    /// Starts `irsa proxy` in the pod and waits until it listens.
    pub(crate) async fn proxy(&self, stage: &Stage) -> Result<Proxy, DemoError> {
        let failed = |problem: String| DemoError::stage("starting `irsa proxy`", problem);
        let mut process = self
            .command(stage)
            .args([
                "proxy",
                "--output",
                "json",
                "--log-level",
                "error",
                "--status-address",
                "off",
            ])
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .map_err(|error| failed(error.to_string()))?;
        let guard = Guard::start(process.id(), None, "KILL");
        let stdout = process
            .stdout
            .take()
            .ok_or_else(|| failed("its output is unavailable".to_owned()))?;
        let mut lines = BufReader::new(stdout).lines();
        let line = timeout(START, lines.next_line())
            .await
            .map_err(|_| failed(format!("it does not listen after {} s", START.as_secs())))?
            .map_err(|error| failed(error.to_string()))?
            .ok_or_else(|| failed("it ended before it listened".to_owned()))?;
        let port = listening_port(&line)
            .ok_or_else(|| failed(format!("it printed `{line}` in place of its addresses")))?;
        Ok(Proxy {
            port,
            _process: process,
            _guard: guard,
        })
    }

    /// Runs an `irsa` command in the pod and returns its output.
    pub(crate) async fn irsa(
        &self,
        stage: &Stage,
        arguments: &[&str],
    ) -> Result<String, DemoError> {
        let doing = format!("running `irsa {}`", arguments.join(" "));
        let output = self
            .command(stage)
            .args(arguments)
            .output()
            .await
            .map_err(|error| DemoError::stage(&doing, error))?;
        if !output.status.success() {
            return Err(DemoError::stage(
                doing,
                String::from_utf8_lossy(&output.stderr),
            ));
        }
        Ok(String::from_utf8_lossy(&output.stdout).trim().to_owned())
    }

    fn command(&self, stage: &Stage) -> Command {
        let mut command = Command::new(&stage.program);
        command
            .env_clear()
            .envs(&self.environment)
            .stdin(Stdio::null())
            .kill_on_drop(true);
        command
    }
}

fn listening_port(line: &str) -> Option<u16> {
    let said: Value = serde_json::from_str(line).ok()?;
    let address = said.pointer("/listening/0/address")?.as_str()?;
    address.rsplit_once(':')?.1.parse().ok()
}
