//! A real API server accepts the manifests of the pages and those that irsa renders without warnings about fields, and
//! interprets the sidecar as the pages describe.

mod rendered;

use std::path::Path;
use std::process::Command;

use interop::client::tool;
use interop::server::cache_folder;
use irsa_components::GoError;
use irsa_components::kubernetes::{
    Kubernetes, KubernetesBinaries, KubernetesError, KubernetesOptions,
};
use irsa_testing::skip;
use serde_json::{Value, json};

use super::{blocks, page};

/// The pages whose first block of YAML is to be pasted, and the namespace there.
const PAGES: [(&str, &str); 5] = [
    ("README.md", "shop"),
    ("docs/guides/keycloak.md", "camunda"),
    ("docs/guides/web-modeler.md", "camunda"),
    ("docs/guides/operate.md", "camunda"),
    ("docs/guides/zeebe.md", "camunda"),
];
const SPILL: &str = "/tmp";

/// An API server, and its administrator's files.
pub(super) struct Cluster {
    pub(super) kubernetes: Kubernetes,
    folder: tempfile::TempDir,
}

/// The response of the API server.
struct Answer {
    headers: String,
    object: Value,
}

#[tokio::test]
async fn kubernetes_accepts_every_manifest_strictly() {
    let (Some(_), Some(cluster)) = (tool("curl"), Cluster::start().await) else {
        return;
    };
    for namespace in ["shop", "camunda"] {
        cluster.create_namespace(namespace);
    }
    for (path, namespace) in PAGES {
        let page = page(path);
        let manifests = blocks(&page, "yaml")[0];
        for manifest in manifests.split("\n---\n") {
            let answer = cluster.try_out(manifest, namespace);
            let pod = &answer.object["spec"]["template"]["spec"];
            if pod.is_object() {
                is_a_sidecar(path, pod);
                is_restricted(path, &answer.headers);
            }
        }
    }
    rendered::try_all(&cluster);
    cluster.kubernetes.stop().await.unwrap();
}

/// Starts before the application and ends after it, is looked at where it answers, and writes where it may.
fn is_a_sidecar(path: &str, pod: &Value) {
    let irsa = &pod["initContainers"][0];
    assert_eq!(irsa["name"], "irsa", "{path}");
    assert_eq!(irsa["restartPolicy"], "Always", "{path}: a native sidecar");
    let environment = irsa["env"].as_array().unwrap();
    let value = |name: &str| {
        let variable = environment.iter().find(|variable| variable["name"] == name);
        variable.and_then(|variable| variable["value"].as_str())
    };
    let port = &irsa["ports"][0];
    let address = value("IRSA_ADMIN_ADDRESS").expect("its address for probes");
    assert_eq!(address, format!("*:{}", port["containerPort"]), "{path}");
    for (probe, asked) in [("startupProbe", "/startupz"), ("livenessProbe", "/livez")] {
        let asks = &irsa[probe]["httpGet"];
        assert_eq!(
            (&asks["path"], &asks["port"]),
            (&json!(asked), &port["name"]),
            "{path}"
        );
    }
    for limit in ["requests", "limits"] {
        assert!(irsa["resources"][limit]["memory"].is_string(), "{path}");
    }
    assert_eq!(
        irsa["securityContext"]["readOnlyRootFilesystem"], true,
        "{path}"
    );
    // The pages rely on this value, and irsa's own time limits are below it.
    assert_eq!(pod["terminationGracePeriodSeconds"], 30, "{path}");
    let mounts = irsa["volumeMounts"].as_array();
    let spills = mounts.is_some_and(|all| all.iter().any(|mount| mount["mountPath"] == SPILL));
    let upstreams = value("IRSA_UPSTREAMS").expect("where to");
    assert_eq!(spills, upstreams.contains("opensearch://"), "{path}");
}

/// With the level `restricted`, the API server warns only about the application's container.
fn is_restricted(path: &str, headers: &str) {
    let mut lines = headers.lines();
    let warning = lines
        .find(|line| line.to_ascii_lowercase().starts_with("warning:"))
        .expect("the application's container is warned of");
    assert!(warning.contains("restricted"), "{path}: {warning}");
    assert!(!warning.contains("\\\"irsa\\\""), "{path}: {warning}");
}

impl Cluster {
    /// Starts a cluster; returns `None` if no Go can build the API server.
    pub(super) async fn start() -> Option<Self> {
        let binaries = match KubernetesBinaries::locate(&cache_folder().unwrap(), &|_| {}).await {
            Err(error @ KubernetesError::Go(GoError::Missing { .. })) => {
                skip(error);
                return None;
            }
            located => located.unwrap(),
        };
        let folder = tempfile::tempdir().unwrap();
        let options = KubernetesOptions::new(&folder.path().join("kubernetes"));
        let kubernetes = Kubernetes::start(&binaries, options).await.unwrap();
        Some(Self { kubernetes, folder })
    }

    /// Creates a namespace with the Pod Security level `restricted`.
    fn create_namespace(&self, name: &str) {
        let labels = json!({"pod-security.kubernetes.io/warn": "restricted"});
        let namespace = json!({"apiVersion": "v1", "kind": "Namespace",
                               "metadata": {"name": name, "labels": labels}});
        self.post("/api/v1/namespaces", &namespace.to_string());
    }

    /// Sends a manifest as a dry run; unknown fields are errors.
    fn try_out(&self, manifest: &str, namespace: &str) -> Answer {
        let kind = manifest
            .lines()
            .find_map(|line| line.strip_prefix("kind: "))
            .expect("a kind");
        let group = if kind == "ServiceAccount" {
            "api/v1"
        } else {
            "apis/apps/v1"
        };
        let plural = format!("{}s", kind.to_ascii_lowercase());
        let path = format!("/{group}/namespaces/{namespace}/{plural}");
        self.post(
            &format!("{path}?dryRun=All&fieldValidation=Strict"),
            manifest,
        )
    }

    fn post(&self, path: &str, body: &str) -> Answer {
        let files = self.folder.path().join("kubernetes");
        let file = |name: &str| files.join(name);
        let output = curl(&file("ca.crt"), &file("admin.crt"), &file("admin.key"))
            .arg(body)
            .arg(format!("{}{path}", self.kubernetes.url()))
            .output()
            .unwrap();
        let text = String::from_utf8(output.stdout).unwrap();
        let (headers, body) = text.split_once("\r\n\r\n").expect("an answer");
        assert!(headers.contains(" 201"), "{path}: {headers}\n{body}");
        Answer {
            headers: headers.to_owned(),
            object: serde_json::from_str(body).unwrap(),
        }
    }
}

fn curl(authority: &Path, certificate: &Path, key: &Path) -> Command {
    let mut curl = Command::new("curl");
    curl.args(["--silent", "--include", "--http1.1"]);
    for (option, file) in [
        ("--cacert", authority),
        ("--cert", certificate),
        ("--key", key),
    ] {
        curl.arg(option).arg(file);
    }
    curl.args(["--header", "content-type: application/yaml"])
        .arg("--data-binary");
    curl
}
