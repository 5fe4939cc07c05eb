//! A cluster with applications.

use std::fs;
use std::path::{Path, PathBuf};

use crate::kubernetes::ApiServer;

/// A cluster.
pub(super) struct Cluster(ApiServer);

impl Cluster {
    /// Starts the API server. If a program is missing, prints why the test is skipped.
    pub(super) fn start() -> Option<Self> {
        ApiServer::start(None).map(Self)
    }

    pub(super) fn kubeconfig(&self) -> PathBuf {
        self.0.kubeconfig()
    }

    pub(super) fn stop(self) {
        self.0.stop();
    }

    /// Creates a namespace, if it does not exist, and objects in it.
    pub(super) fn apply(&self, namespace: &str, objects: &str) {
        let own = format!("apiVersion: v1\nkind: Namespace\nmetadata: {{name: {namespace}}}\n");
        self.0.kubectl(&["apply", "--filename", "-"], &own);
        // There is no controller that creates it, and pods need it.
        let account = "apiVersion: v1\nkind: ServiceAccount\nmetadata: {name: reports}\n";
        let objects = format!("{account}---\n{objects}");
        self.0.kubectl(
            &["apply", "--namespace", namespace, "--filename", "-"],
            &objects,
        );
    }

    /// A kubeconfig that `aws eks update-kubeconfig` could have written for an EKS cluster.
    pub(super) fn kubeconfig_of(&self, arn: &str) -> PathBuf {
        let text = fs::read_to_string(self.kubeconfig()).unwrap();
        let text = text
            .replace(
                "[{name: irsa, cluster:",
                &format!("[{{name: {arn:?}, cluster:"),
            )
            .replace("cluster: irsa", &format!("cluster: {arn:?}"));
        let file = self.0.folder().join("eks.kubeconfig");
        fs::write(&file, text).unwrap();
        file
    }

    /// The objects of a kustomization.
    pub(super) fn kustomize(&self, folder: &Path) -> String {
        self.0.kubectl(&["kustomize", folder.to_str().unwrap()], "")
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
        let file = self.0.folder().join("reader.kubeconfig");
        fs::copy(self.kubeconfig(), &file).unwrap();
        let path = file.to_str().unwrap();
        self.run(&format!(
            "kubectl --kubeconfig {path} config set-credentials reader --token={} && kubectl --kubeconfig {path} \
             config set-context --current --user=reader",
            token.trim()
        ));
        file
    }

    /// Runs commands in a shell as the administrator, and returns their output.
    pub(super) fn run(&self, commands: &str) -> String {
        self.0.shell(commands)
    }
}
