//! Ports, directories and command lines.

use std::io;
use std::net::TcpListener;
use std::path::{Path, PathBuf};

use tokio::process::Command;

use super::certificates::Certificates;
use super::{KubernetesBinaries, KubernetesError};
use crate::files::{FileError, private_file, private_folder};
use crate::program;

/// Services get loopback addresses, where listeners can stand for them, so that no kube-proxy is needed.
const SERVICE_ADDRESSES: &str = "127.96.0.0/16";

/// Ports on 127.0.0.1.
#[derive(Debug, Clone, Copy)]
pub(super) struct Ports {
    pub(super) etcd: u16,
    pub(super) etcd_peers: u16,
    pub(super) api: u16,
}

impl Ports {
    /// Returns ports that were free a moment ago; held together, so that they differ.
    pub(super) fn free() -> io::Result<Self> {
        let bind = || TcpListener::bind("127.0.0.1:0");
        let (etcd, peers, api) = (bind()?, bind()?, bind()?);
        Ok(Self {
            etcd: etcd.local_addr()?.port(),
            etcd_peers: peers.local_addr()?.port(),
            api: api.local_addr()?.port(),
        })
    }

    /// Returns whether a different process has taken one of them.
    pub(super) fn are_taken(self) -> bool {
        [self.etcd, self.etcd_peers, self.api]
            .into_iter()
            .any(|port| TcpListener::bind(("127.0.0.1", port)).is_err())
    }

    pub(super) fn etcd_url(self) -> String {
        format!("http://127.0.0.1:{}", self.etcd)
    }

    pub(super) fn api_url(self) -> String {
        format!("https://127.0.0.1:{}", self.api)
    }
}

/// The files of a server.
#[derive(Debug, Clone)]
pub(super) struct Folder(PathBuf);

impl Folder {
    pub(super) fn new(folder: &Path) -> Result<Self, KubernetesError> {
        let folder = std::path::absolute(folder).map_err(FileError::when("find", folder))?;
        Ok(Self(folder))
    }

    pub(super) fn file(&self, name: &str) -> PathBuf {
        self.0.join(name)
    }

    /// Creates the directory if it is missing, and writes keys and certificates.
    pub(super) fn prepare(&self, certificates: &Certificates) -> Result<(), KubernetesError> {
        private_folder(&self.0, None)?;
        for (name, text) in [
            ("ca.crt", &certificates.authority),
            ("apiserver.crt", &certificates.server.certificate),
            ("apiserver.key", &certificates.server.key),
            ("admin.crt", &certificates.administrator.certificate),
            ("admin.key", &certificates.administrator.key),
            ("tokens.key", &certificates.signing_key),
        ] {
            private_file(&self.file(name), text.as_bytes(), None)?;
        }
        Ok(())
    }

    /// Writes the kubeconfig of an administrator.
    pub(super) fn write_kubeconfig(&self, url: &str) -> Result<(), KubernetesError> {
        let file = |name| self.file(name).display().to_string();
        let (ca, certificate, key) = (file("ca.crt"), file("admin.crt"), file("admin.key"));
        let text = format!(
            "apiVersion: v1\nkind: Config\n\
             clusters: [{{name: irsa, cluster: {{server: {url:?}, certificate-authority: {ca:?}}}}}]\n\
             users: [{{name: admin, user: {{client-certificate: {certificate:?}, client-key: {key:?}}}}}]\n\
             contexts: [{{name: irsa, context: {{cluster: irsa, user: admin}}}}]\n\
             current-context: irsa\n"
        );
        Ok(private_file(
            &self.file("kubeconfig"),
            text.as_bytes(),
            None,
        )?)
    }
}

pub(super) fn etcd(binaries: &KubernetesBinaries, folder: &Folder, ports: Ports) -> Command {
    let clients = ports.etcd_url();
    let peers = format!("http://127.0.0.1:{}", ports.etcd_peers);
    let mut command = program::command(binaries.program(), None);
    command.args(["etcd", "--unsafe-no-fsync", "--name=irsa"]);
    command.arg(format!("--data-dir={}", folder.file("etcd").display()));
    for (flag, url) in [
        ("listen-client-urls", &clients),
        ("advertise-client-urls", &clients),
        ("listen-peer-urls", &peers),
        ("initial-advertise-peer-urls", &peers),
        ("initial-cluster", &format!("irsa={peers}")),
    ] {
        command.arg(format!("--{flag}={url}"));
    }
    command
}

pub(super) fn api(
    binaries: &KubernetesBinaries,
    folder: &Folder,
    ports: Ports,
    issuer: &str,
) -> Command {
    let mut command = program::command(binaries.program(), None);
    command.args([
        "kube-apiserver",
        "--bind-address=127.0.0.1",
        "--advertise-address=127.0.0.1",
        // A single API server; a loopback address would be rejected as its endpoint.
        "--endpoint-reconciler-type=none",
        "--authorization-mode=RBAC",
        "--anonymous-auth=true",
        "--allow-privileged=true",
    ]);
    command.arg(format!("--service-cluster-ip-range={SERVICE_ADDRESSES}"));
    command.arg(format!("--etcd-servers={}", ports.etcd_url()));
    command.arg(format!("--secure-port={}", ports.api));
    command.arg(format!("--service-account-issuer={issuer}"));
    command.arg(format!(
        "--service-account-jwks-uri={issuer}/openid/v1/jwks"
    ));
    command.arg(format!("--api-audiences={issuer}"));
    for (flag, name) in [
        ("tls-cert-file", "apiserver.crt"),
        ("tls-private-key-file", "apiserver.key"),
        ("client-ca-file", "ca.crt"),
        ("service-account-signing-key-file", "tokens.key"),
        ("service-account-key-file", "tokens.key"),
    ] {
        command.arg(format!("--{flag}={}", folder.file(name).display()));
    }
    command
}
