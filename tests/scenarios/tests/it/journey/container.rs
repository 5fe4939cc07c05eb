//! The injected container, run from the image as a kubelet runs it.

use std::fs::{self, Permissions};
use std::net::TcpListener;
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;
use std::process::Command;
use std::sync::Arc;

use irsa_testing::program::finish;
use serde_json::Value;
use tempfile::TempDir;

use super::cluster::Cluster;
use crate::image::{Image, RUN};
use crate::proxy::Proxy;
use crate::set_up::SetUp;

/// Where the test puts the CA of the lab.
const CA_FILE: &str = "/run/lab-ca.pem";

/// A running container.
pub(super) struct Container {
    proxy: Proxy,
    _root: TempDir,
}

// === impl Container ===

impl Container {
    /// Runs the container with its arguments, its environment and its volumes. The test adds the lab's addresses.
    pub(super) fn run(set_up: &SetUp, cluster: &Cluster, pod: &Value) -> Self {
        let container = injected(pod);
        let folder = tempfile::tempdir().unwrap();
        let root = folder.path().join("rootfs");
        let mut copy = Command::new("cp");
        finish(copy.arg("-a").arg(Image::shared().root()).arg(&root)).printed();
        for mount in container["volumeMounts"].as_array().unwrap() {
            mount_volume(cluster, pod, mount, &root);
        }
        let environment = &set_up
            .stage
            .workload(&text(&pod["metadata"]["name"]))
            .environment;
        fs::create_dir_all(below(&root, "/run")).unwrap();
        fs::copy(&environment["IRSA_CA_FILE"], below(&root, CA_FILE)).unwrap();
        fs::set_permissions(below(&root, CA_FILE), Permissions::from_mode(0o644)).unwrap();
        let mut command = Command::new("unshare");
        command.args(["--mount", "sh", "-ec", RUN, "sh"]).arg(&root);
        command
            .env_clear()
            .envs(std::env::var_os("PATH").map(|path| ("PATH", path)));
        for argument in container["args"].as_array().unwrap() {
            command.arg(text(argument));
        }
        for variable in container["env"].as_array().unwrap() {
            command.env(text(&variable["name"]), text(&variable["value"]));
        }
        command.env("AWS_ENDPOINT_URL_STS", &environment["AWS_ENDPOINT_URL_STS"]);
        command
            .env("AWS_CA_BUNDLE", CA_FILE)
            .env("IRSA_CA_FILE", CA_FILE);
        let proxy = Proxy::start(&mut command, Some(Arc::clone(&set_up.stage)));
        Self {
            proxy,
            _root: folder,
        }
    }

    /// Stops it as a kubelet does. A native sidecar that exits with another code than 0 looks like a failure.
    pub(super) fn stop(self) {
        self.proxy.terminate();
        assert_eq!(self.proxy.ended(), 0);
    }
}

/// Gives the container a volume of the pod, as files in its root file system.
fn mount_volume(cluster: &Cluster, pod: &Value, mount: &Value, root: &Path) {
    let volumes = pod["spec"]["volumes"].as_array().unwrap();
    let volume = volumes
        .iter()
        .find(|volume| volume["name"] == mount["name"]);
    let volume = volume.unwrap_or_else(|| panic!("no volume: {mount}"));
    let directory = below(root, &text(&mount["mountPath"]));
    fs::create_dir_all(&directory).unwrap();
    for source in volume["projected"]["sources"]
        .as_array()
        .into_iter()
        .flatten()
    {
        let projection = &source["serviceAccountToken"];
        // The API server adds a volume with a token for itself, which irsa does not read.
        if projection["audience"].is_string() {
            let file = directory.join(text(&projection["path"]));
            fs::write(&file, cluster.token(pod, projection)).unwrap();
            // As the kubelet does for a pod without an fsGroup whose containers run as different users.
            fs::set_permissions(&file, Permissions::from_mode(0o644)).unwrap();
        }
    }
}

/// The injected container.
pub(super) fn injected(pod: &Value) -> &Value {
    let containers = pod["spec"]["initContainers"].as_array();
    let mut containers = containers.into_iter().flatten();
    let found = containers.find(|container| container["name"] == "irsa");
    found.unwrap_or_else(|| panic!("no sidecar was injected: {pod:#}"))
}

/// A port that was free a moment ago.
pub(super) fn free_port() -> u16 {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    listener.local_addr().unwrap().port()
}

fn below(root: &Path, path: &str) -> std::path::PathBuf {
    root.join(path.trim_start_matches('/'))
}

fn text(value: &Value) -> String {
    let text = value.as_str();
    text.unwrap_or_else(|| panic!("not a text: {value}"))
        .to_owned()
}
