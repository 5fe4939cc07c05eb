//! A real API server, and kubectl. No kubelet, no controllers and no webhooks run.

use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use irsa_components::kubernetes::{
    Kubernetes, KubernetesBinaries, KubernetesError, KubernetesOptions,
};
use irsa_components::{GoError, cache};
use irsa_testing::{print_line, skip};
use tempfile::TempDir;
use tokio::runtime::Runtime;

/// An API server, and its administrator's kubeconfig.
pub(crate) struct ApiServer {
    /// `None` only while it is dropped.
    kubernetes: Option<Kubernetes>,
    runtime: Runtime,
    folder: TempDir,
}

impl ApiServer {
    /// Starts the API server, with this issuer of tokens instead of its address. If kubectl, or Go to build the server,
    /// is missing, prints why the test is skipped.
    pub(crate) fn start(issuer: Option<&str>) -> Option<Self> {
        let kubectl = Command::new("kubectl")
            .args(["version", "--client"])
            .output();
        if kubectl.is_err() {
            skip("kubectl is missing");
            return None;
        }
        let cache = cache::folder(std::env::var_os).unwrap();
        let runtime = Runtime::new().unwrap();
        let located = runtime.block_on(KubernetesBinaries::locate(&cache, &print_line));
        if let Err(error @ KubernetesError::Go(GoError::Missing { .. })) = &located {
            skip(error);
            return None;
        }
        let folder = tempfile::tempdir().unwrap();
        let mut options = KubernetesOptions::new(&folder.path().join("kubernetes"));
        options.issuer = issuer.map(str::to_owned).or(options.issuer);
        let binaries = located.unwrap();
        let started = Kubernetes::start(&binaries, options);
        let kubernetes = runtime.block_on(started).unwrap();
        Some(Self {
            kubernetes: Some(kubernetes),
            runtime,
            folder,
        })
    }

    /// The administrator's kubeconfig.
    pub(crate) fn kubeconfig(&self) -> PathBuf {
        let kubernetes = self.kubernetes.as_ref().expect("only dropping takes it");
        kubernetes.kubeconfig()
    }

    /// A folder for files of the test, which is removed with the server.
    pub(crate) fn folder(&self) -> &Path {
        self.folder.path()
    }

    /// Runs commands in a shell as the administrator, and returns their output.
    pub(crate) fn shell(&self, commands: &str) -> String {
        let mut shell = Command::new("sh");
        shell.args(["-ec", commands]);
        self.output(shell, "")
    }

    /// Runs kubectl as the administrator, and returns its output.
    pub(crate) fn kubectl(&self, arguments: &[&str], input: &str) -> String {
        let mut kubectl = Command::new("kubectl");
        kubectl.args(arguments);
        self.output(kubectl, input)
    }

    /// Fails unless the server stops in order.
    pub(crate) fn stop(mut self) {
        if let Some(kubernetes) = self.kubernetes.take() {
            self.runtime.block_on(kubernetes.stop()).unwrap();
        }
    }

    fn output(&self, mut command: Command, input: &str) -> String {
        let mut child = command
            .env("KUBECONFIG", self.kubeconfig())
            .env("HOME", self.folder.path())
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        let mut stdin = child.stdin.take().unwrap();
        stdin.write_all(input.as_bytes()).unwrap();
        drop(stdin);
        let output = child.wait_with_output().unwrap();
        let errors = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success(), "{command:?}: {errors}\n{input}");
        String::from_utf8(output.stdout).unwrap()
    }
}

impl Drop for ApiServer {
    fn drop(&mut self) {
        if let Some(kubernetes) = self.kubernetes.take() {
            let _ = self.runtime.block_on(kubernetes.stop());
        }
    }
}
