//! A real API server, and kubectl. No kubelet, no controllers and no webhooks run.

use std::cell::RefCell;
use std::fs;
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
use tokio::task::JoinHandle;

/// An API server, and its administrator's kubeconfig.
pub(crate) struct ApiServer {
    /// `None` only while it is dropped.
    kubernetes: Option<Kubernetes>,
    runtime: Runtime,
    tasks: RefCell<Vec<JoinHandle<()>>>,
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
            tasks: RefCell::default(),
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

    /// Creates a service account without permissions, and returns a kubeconfig with its token.
    pub(crate) fn service_account(&self, namespace: &str, name: &str) -> PathBuf {
        self.kubectl(&["-n", namespace, "create", "serviceaccount", name], "");
        self.kubeconfig_of(namespace, name)
    }

    /// Returns a kubeconfig with a token of a service account.
    pub(crate) fn kubeconfig_of(&self, namespace: &str, name: &str) -> PathBuf {
        let token = self.kubectl(&["-n", namespace, "create", "token", name], "");
        let file = self.folder.path().join(format!("{name}.kubeconfig"));
        fs::copy(self.kubeconfig(), &file).unwrap();
        let path = file.display();
        self.shell(&format!(
            "kubectl --kubeconfig {path} config set-credentials {name} --token={} && \
             kubectl --kubeconfig {path} config set-context --current --user={name}",
            token.trim()
        ));
        file
    }

    /// Runs a future while the server runs.
    pub(crate) fn block_on<T>(&self, future: impl Future<Output = T>) -> T {
        self.runtime.block_on(future)
    }

    /// Runs a future in the background until the server stops.
    pub(crate) fn spawn(&self, future: impl Future<Output = ()> + Send + 'static) {
        self.tasks.borrow_mut().push(self.runtime.spawn(future));
    }

    /// Kills the API server, as when its node fails; etcd keeps its state.
    pub(crate) fn kill_api_server(&mut self) {
        let kubernetes = self.kubernetes.as_mut().expect("only dropping takes it");
        self.runtime.block_on(kubernetes.kill_api_server()).unwrap();
    }

    /// Starts the API server again, at the same address.
    pub(crate) fn start_api_server(&mut self) {
        let kubernetes = self.kubernetes.as_mut().expect("only dropping takes it");
        let started = self.runtime.block_on(kubernetes.start_api_server());
        started.unwrap();
    }

    /// Fails unless the server stops in order.
    pub(crate) fn stop(mut self) {
        // The API server waits for the end of watches.
        for task in self.tasks.take() {
            task.abort();
            let _ = self.runtime.block_on(task);
        }
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
