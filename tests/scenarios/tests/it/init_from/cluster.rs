//! A real API server, and kubectl.

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
use tokio::runtime::{Builder, Runtime};

/// An API server.
pub(super) struct Cluster {
    runtime: Runtime,
    kubernetes: Kubernetes,
    folder: TempDir,
}

impl Cluster {
    /// Starts a cluster. If Go is missing to build it, prints why the test is skipped.
    pub(super) fn start() -> Option<Self> {
        let cache = cache::folder(std::env::var_os).unwrap();
        let runtime = Builder::new_multi_thread()
            .worker_threads(1)
            .enable_all()
            .build()
            .unwrap();
        let located = runtime.block_on(KubernetesBinaries::locate(&cache, &print_line));
        if let Err(error @ KubernetesError::Go(GoError::Missing { .. })) = &located {
            skip(error);
            return None;
        }
        let folder = tempfile::tempdir().unwrap();
        let options = KubernetesOptions::new(&folder.path().join("kubernetes"));
        let kubernetes = runtime
            .block_on(Kubernetes::start(&located.unwrap(), options))
            .unwrap();
        Some(Self {
            runtime,
            kubernetes,
            folder,
        })
    }

    pub(super) fn kubeconfig(&self) -> PathBuf {
        self.kubernetes.kubeconfig()
    }

    pub(super) fn stop(self) {
        self.runtime.block_on(self.kubernetes.stop()).unwrap();
    }

    /// Creates a namespace, if it does not exist, and objects in it.
    pub(super) fn apply(&self, namespace: &str, objects: &str) {
        let own = format!("apiVersion: v1\nkind: Namespace\nmetadata: {{name: {namespace}}}\n");
        self.kubectl(&["apply", "--filename", "-"], &own);
        // There is no controller that creates it, and pods need it.
        let account = "apiVersion: v1\nkind: ServiceAccount\nmetadata: {name: reports}\n";
        let objects = format!("{account}---\n{objects}");
        self.kubectl(
            &["apply", "--namespace", namespace, "--filename", "-"],
            &objects,
        );
    }

    /// The objects of a kustomization.
    pub(super) fn kustomize(&self, folder: &Path) -> String {
        self.kubectl(&["kustomize", folder.to_str().unwrap()], "")
    }

    /// A kubeconfig of a user who may read these resources.
    pub(super) fn reader(&self, namespace: &str, resources: &str) -> PathBuf {
        self.run(&format!(
            "kubectl -n {namespace} create serviceaccount reader && kubectl -n {namespace} create role reader \
             --verb=get,list --resource={resources} && kubectl -n {namespace} create rolebinding reader --role=reader \
             --serviceaccount={namespace}:reader && kubectl create clusterrolebinding reader-issuer \
             --clusterrole=system:service-account-issuer-discovery --serviceaccount={namespace}:reader"
        ));
        let token = self.run(&format!("kubectl -n {namespace} create token reader"));
        let file = self.folder.path().join("reader.kubeconfig");
        fs::copy(self.kubeconfig(), &file).unwrap();
        let path = file.to_str().unwrap();
        self.run(&format!(
            "kubectl --kubeconfig {path} config set-credentials reader --token={} && kubectl --kubeconfig {path} \
             config set-context --current --user=reader",
            token.trim()
        ));
        file
    }

    /// Runs commands in a shell, with the administrator's kubeconfig, and returns their output.
    pub(super) fn run(&self, commands: &str) -> String {
        let mut shell = Command::new("sh");
        shell.args(["-ec", commands]);
        self.output(shell, "")
    }

    fn kubectl(&self, arguments: &[&str], input: &str) -> String {
        let mut kubectl = Command::new("kubectl");
        kubectl.args(arguments);
        self.output(kubectl, input)
    }

    fn output(&self, mut command: Command, input: &str) -> String {
        let child = command
            .env("KUBECONFIG", self.kubeconfig())
            .env("HOME", self.folder.path())
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn();
        let mut child = child.expect("kubectl is installed");
        child
            .stdin
            .take()
            .unwrap()
            .write_all(input.as_bytes())
            .unwrap();
        let output = child.wait_with_output().unwrap();
        let errors = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success(), "{command:?}: {errors}");
        String::from_utf8(output.stdout).unwrap()
    }
}
