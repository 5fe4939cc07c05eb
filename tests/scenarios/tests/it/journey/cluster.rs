//! An API server with the chart, and the webhook as a process.

use std::fs;
use std::process::Command;
use std::time::Instant;

use irsa_lab::facts::WorkloadFacts;
use irsa_testing::program::{PATIENCE, finish, irsa};
use serde_json::{Value, json};

use crate::chart::{Helm, NAMESPACE};
use crate::kubernetes::ApiServer;
use crate::set_up::SetUp;
use crate::webhook::Webhook;

/// The image of the sidecars. No kubelet pulls it.
pub(super) const IMAGE: &str = "registry.example.com/irsa@sha256:0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef";

/// A cluster with the webhook.
pub(super) struct Cluster {
    pub(super) server: ApiServer,
    webhook: Webhook,
}

// === impl Cluster ===

impl Cluster {
    /// If a program is missing, prints why the test is skipped.
    pub(super) fn start(set_up: &SetUp) -> Option<Self> {
        let lab = set_up.stage.lab();
        let helm = Helm::start()?;
        let server = ApiServer::start(Some(&lab.facts().oidc_issuer.url))?;
        let keys = server.kubectl(&["get", "--raw", "/openid/v1/jwks"], "");
        lab.publish_keys(&keys).unwrap();
        helm.install(&server, &[], &[&format!("sidecar.image={IMAGE}")]);
        let webhook = webhook(&server);
        webhook.wait_for("caBundle updated");
        Some(Self { server, webhook })
    }

    /// Creates the workload's namespace, which requires the sidecar, and its service account with the annotations that
    /// irsa renders; the sidecar listens on `port` and connects to the lab. Returns the account.
    pub(super) fn annotate(&self, set_up: &SetUp, workload: &str, port: u16) -> Value {
        let facts = set_up.stage.workload(workload);
        let namespace = json!({
            "apiVersion": "v1",
            "kind": "Namespace",
            "metadata": {"name": facts.namespace, "labels": {
                "irsa.dev/injection": "required",
                "pod-security.kubernetes.io/enforce": "restricted",
            }},
        });
        self.server
            .kubectl(&["create", "-f", "-"], &namespace.to_string());
        let accounts = rendered(set_up, "webhook", "service-accounts.yaml");
        let accounts: Vec<Value> = serde_saphyr::from_multiple(&accounts).unwrap();
        let is_account = |one: &Value| one["metadata"]["name"] == facts.service_account.as_str();
        let mut account = accounts.into_iter().find(is_account).unwrap();
        let lab = set_up.stage.lab().facts();
        let dial = match &facts.domain {
            Some(_) => &set_up.domain().dial,
            None => &lab.clusters[0].dial,
        };
        let annotations = account["metadata"]["annotations"].as_object_mut().unwrap();
        for (key, value) in annotations {
            if let Some((endpoint, _)) = value.as_str().unwrap().split_once("?listen=127.0.0.1:") {
                assert!(["irsa.dev/postgres", "irsa.dev/opensearch"].contains(&key.as_str()));
                *value = json!(format!("{endpoint}?listen=127.0.0.1:{port}&dial={dial}"));
            }
        }
        self.server
            .kubectl(&["create", "-f", "-"], &account.to_string());
        account
    }

    /// Creates a pod, and returns it as the API server stores it. The namespace requires the sidecar, so the API server
    /// rejects pods until it knows the CA of the webhook.
    pub(super) fn create_pod(&self, workload: &WorkloadFacts) -> Value {
        let pod = json!({
            "apiVersion": "v1",
            "kind": "Pod",
            "metadata": {"name": workload.name, "namespace": workload.namespace},
            "spec": {
                "serviceAccountName": workload.service_account,
                "securityContext": {"runAsNonRoot": true, "seccompProfile": {"type": "RuntimeDefault"}},
                "containers": [{
                    "name": "application",
                    "image": "application",
                    "securityContext": {"allowPrivilegeEscalation": false, "capabilities": {"drop": ["ALL"]}},
                }],
            },
        });
        let file = self.server.folder().join("pod.json");
        fs::write(&file, pod.to_string()).unwrap();
        let deadline = Instant::now() + PATIENCE;
        loop {
            let mut create = Command::new("kubectl");
            create.args(["create", "-o", "json", "-f"]).arg(&file);
            let created = finish(create.env("KUBECONFIG", self.server.kubeconfig()));
            if created.code == 0 {
                return created.json();
            }
            assert!(
                created.stderr.contains("failed calling webhook") && Instant::now() < deadline,
                "{}",
                created.stderr
            );
        }
    }

    /// Returns a token that the pod's volume would have, from the API server.
    pub(super) fn token(&self, pod: &Value, projection: &Value) -> String {
        let text = |value: &Value| value.as_str().unwrap().to_owned();
        let seconds = projection["expirationSeconds"].as_u64().unwrap();
        let arguments = [
            "create".to_owned(),
            "token".to_owned(),
            text(&pod["spec"]["serviceAccountName"]),
            format!("--namespace={}", text(&pod["metadata"]["namespace"])),
            format!("--audience={}", text(&projection["audience"])),
            format!("--duration={seconds}s"),
            "--bound-object-kind=Pod".to_owned(),
            format!("--bound-object-name={}", text(&pod["metadata"]["name"])),
            format!("--bound-object-uid={}", text(&pod["metadata"]["uid"])),
        ];
        let arguments = arguments.each_ref().map(String::as_str);
        self.server.kubectl(&arguments, "").trim().to_owned()
    }

    pub(super) fn stop(self) {
        self.webhook.terminate();
        assert_eq!(self.webhook.wait(), Some(0));
        self.server.stop();
    }
}

/// Starts the webhook with the arguments of its Deployment and as its service account, at the address of its Service:
/// the API server of the tests gives Services addresses on loopback.
fn webhook(server: &ApiServer) -> Webhook {
    let get = |kind: &str| -> Value {
        let get = ["get", kind, "irsa-webhook", "-o", "json", "-n", NAMESPACE];
        serde_json::from_str(&server.kubectl(&get, "")).unwrap()
    };
    let (service, deployment) = (get("service"), get("deployment"));
    let address = service["spec"]["clusterIP"].as_str().unwrap();
    let container = &deployment["spec"]["template"]["spec"]["containers"][0];
    let arguments = container["args"].as_array().unwrap().iter();
    let arguments = arguments.map(|one| match one.as_str().unwrap() {
        one if one.starts_with("--listen=") => format!("--listen={address}:443"),
        one if one.starts_with("--admin-address=") => "--admin-address=127.0.0.1:0".to_owned(),
        one => one.to_owned(),
    });
    let kubeconfig = server.kubeconfig_of(NAMESPACE, "irsa-webhook");
    let mut command = irsa(&[]);
    command
        .args(arguments)
        .args(["--drain-delay=0s", "--log-format=json", "--kubeconfig"])
        .arg(&kubeconfig)
        .env("POD_NAME", "irsa-webhook-0")
        .env("POD_NAMESPACE", NAMESPACE);
    Webhook::run(&mut command)
}

/// A file of the component that irsa renders for the cluster.
pub(super) fn rendered(set_up: &SetUp, inject: &str, file: &str) -> String {
    set_up.write_outputs();
    let out = set_up.folder.path().join(inject);
    let mut render = irsa(&["render", "kubernetes", "--inject", inject, "--out"]);
    render
        .arg(&out)
        .args(["-f", "irsa.yaml", "-f", "overlay.yaml"]);
    finish(render.current_dir(&set_up.folder)).printed();
    fs::read_to_string(out.join("kubernetes/camunda").join(file)).unwrap()
}
