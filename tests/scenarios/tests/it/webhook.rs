//! The admission webhook on a real API server.

mod stage;

use serde_json::{Value, json};

pub(crate) use self::stage::Webhook;
use self::stage::{IMAGE, account, configuration, install};
use crate::kubernetes::ApiServer;

const ROLE: &str = "arn:aws:iam::111122223333:role/api";
const DATABASE: &str = "db.cluster-abc.eu-central-1.rds.amazonaws.com";

/// A pod that satisfies the level `restricted`.
fn pod(namespace: &str, name: &str) -> Value {
    json!({
        "apiVersion": "v1", "kind": "Pod",
        "metadata": {"name": name, "namespace": namespace},
        "spec": {
            "serviceAccountName": "api", "automountServiceAccountToken": false,
            "securityContext": {"runAsNonRoot": true, "seccompProfile": {"type": "RuntimeDefault"}},
            "containers": [{
                "name": "app", "image": "app:1",
                "securityContext": {"allowPrivilegeEscalation": false, "capabilities": {"drop": ["ALL"]}},
            }],
        },
    })
}

fn create(server: &ApiServer, pod: &Value, arguments: &[&str]) -> Value {
    let create = ["create", "-f", "-", "--output", "json"];
    let created = server.kubectl(&[&create, arguments].concat(), &pod.to_string());
    serde_json::from_str(&created).unwrap()
}

fn containers(pod: &Value) -> Vec<&str> {
    let lists = ["initContainers", "containers"].into_iter();
    let all = lists.flat_map(|list| pod["spec"][list].as_array().into_iter().flatten());
    all.map(|one| one["name"].as_str().unwrap()).collect()
}

/// An API server, a webhook behind its Service, and service accounts that ask for a database.
struct Stage {
    server: ApiServer,
    address: String,
    webhook: Webhook,
}

impl Stage {
    fn start() -> Option<Self> {
        let server = ApiServer::start(None)?;
        let address = install(&server);
        let annotations = json!({"irsa.dev/postgres": DATABASE, "irsa.dev/role-arn": ROLE});
        for namespace in ["shop", "plain", "bank"] {
            let account = account(namespace, "api", &annotations);
            server.kubectl(&["create", "-f", "-"], &account);
        }
        let webhook = Webhook::start(&server, &address, &[]);
        // As Helm does, which creates webhook configurations after Deployments.
        server.kubectl(&["create", "-f", "-"], &configuration());
        webhook.wait_for("caBundle updated");
        Some(Self {
            server,
            address,
            webhook,
        })
    }

    fn create(&self, pod: &Value, arguments: &[&str]) -> Value {
        create(&self.server, pod, arguments)
    }

    /// Returns kubectl's message about a pod that must not be created.
    fn refused(&self, pod: &Value) -> String {
        let file = self.server.folder().join("refused.json");
        std::fs::write(&file, pod.to_string()).unwrap();
        let file = file.display();
        self.server
            .shell(&format!("! kubectl create -f {file} 2>&1"))
    }

    fn events(&self, namespace: &str) -> Vec<Value> {
        let arguments = [
            "get",
            "events",
            "--namespace",
            namespace,
            "--output",
            "json",
        ];
        let list: Value = serde_json::from_str(&self.server.kubectl(&arguments, "")).unwrap();
        list["items"].as_array().unwrap().clone()
    }

    /// Stops the webhook, and fails unless it stops in order.
    fn stop_webhook(self) -> (ApiServer, String) {
        self.webhook.terminate();
        assert_eq!(self.webhook.wait(), Some(0));
        (self.server, self.address)
    }
}

fn on_host_network(namespace: &str, name: &str) -> Value {
    let mut pod = pod(namespace, name);
    pod["spec"]["hostNetwork"] = true.into();
    pod
}

#[test]
fn a_pod_in_a_restricted_namespace_gets_the_sidecar() {
    let Some(stage) = Stage::start() else {
        return;
    };
    let created = stage.create(&pod("shop", "api"), &[]);
    assert_eq!(containers(&created), ["irsa", "app"]);
    let sidecar = &created["spec"]["initContainers"][0];
    assert_eq!(sidecar["image"], IMAGE);
    assert_eq!(sidecar["restartPolicy"], "Always");
    let read = ["get", "pod", "api", "-n", "shop", "-o", "json"];
    let read: Value = serde_json::from_str(&stage.server.kubectl(&read, "")).unwrap();
    assert_eq!(created["spec"], read["spec"]);
    let injected = r#"irsa_webhook_reviews_total{outcome="injected",reason=""}"#;
    assert!(stage.webhook.metric(injected) >= 1.0);
    let (server, _) = stage.stop_webhook();
    server.stop();
}

#[test]
fn kubectl_shows_the_injected_pod_without_differences() {
    let Some(stage) = Stage::start() else {
        return;
    };
    let planned = stage.create(&pod("shop", "api"), &["--dry-run=server"]);
    assert_eq!(containers(&planned), ["irsa", "app"]);
    let manifest = pod("shop", "api").to_string();
    stage.server.kubectl(&["apply", "-f", "-"], &manifest);
    // It exits with 1 if anything differs.
    stage.server.kubectl(&["diff", "-f", "-"], &manifest);
    let debug = "kubectl debug api -n shop --image=busybox:1 --profile=restricted -- sh >&2";
    stage.server.shell(debug);
    let read = ["get", "pod", "api", "-n", "shop", "-o", "json"];
    let read: Value = serde_json::from_str(&stage.server.kubectl(&read, "")).unwrap();
    assert_eq!(containers(&read), ["irsa", "app"]);
    let ephemeral = read["spec"]["ephemeralContainers"].as_array().unwrap();
    assert_eq!(ephemeral.len(), 1);
}

#[test]
fn a_pod_that_cannot_be_injected_is_reported_and_rejected_where_required() {
    let Some(stage) = Stage::start() else {
        return;
    };
    // A dry run has no effects, so the only event is that of the second pod.
    stage.create(&on_host_network("plain", "planned"), &["--dry-run=server"]);
    let created = stage.create(&on_host_network("plain", "host"), &[]);
    assert_eq!(containers(&created), ["app"]);
    stage.webhook.wait_for("event created");
    let events = stage.events("plain");
    assert_eq!(events.len(), 1, "{events:?}");
    assert_eq!(events[0]["reason"], "SidecarNotInjected");
    assert_eq!(events[0]["involvedObject"]["name"], "host");
    let message = events[0]["message"].as_str().unwrap();
    assert!(message.contains("(host-network)"), "{message}");

    assert_eq!(
        containers(&stage.create(&pod("bank", "api"), &[])),
        ["irsa", "app"]
    );
    let refused = stage.refused(&on_host_network("bank", "host"));
    assert!(
        refused.contains("irsa cannot inject its sidecar (host-network)"),
        "{refused}"
    );
    let denied = r#"irsa_webhook_reviews_total{outcome="denied",reason="host-network"}"#;
    assert!(stage.webhook.metric(denied) >= 1.0);
}

#[test]
fn pods_that_are_created_while_the_webhook_is_down_are_found_later() {
    let Some(stage) = Stage::start() else {
        return;
    };
    let deployment = [
        "create",
        "deployment",
        "api",
        "--image=app:1",
        "-n",
        "plain",
    ];
    stage.server.kubectl(&deployment, "");
    let refusing = stage.server.folder().join("pod.json");
    let (server, address) = stage.stop_webhook();
    let mut missed = pod("plain", "api-6f-x");
    missed["metadata"]["ownerReferences"] = json!([{
        "apiVersion": "apps/v1", "kind": "ReplicaSet", "name": "api-6f", "controller": true,
        "uid": "5b1f6a3e-0000-4000-8000-000000000000",
    }]);
    assert_eq!(containers(&create(&server, &missed, &[])), ["app"]);
    // Where the sidecar is required, no pod starts without it.
    std::fs::write(&refusing, pod("bank", "api").to_string()).unwrap();
    let refused = server.shell(&format!("! kubectl create -f {} 2>&1", refusing.display()));
    assert!(refused.contains("required-pods.irsa.dev"), "{refused}");

    let webhook = Webhook::start(&server, &address, &[]);
    let found = webhook.wait_for("pods lack the sidecar that they ask for");
    assert_eq!(
        (&found["pods"], &found["first"]),
        (&json!(1), &json!("plain/deployment/api"))
    );
    webhook.wait_for("event created");
    assert!(webhook.metric("irsa_webhook_pods_without_sidecar") >= 1.0);
    let note = server.kubectl(
        &[
            "get",
            "events",
            "-n",
            "plain",
            "-o",
            "jsonpath={.items[*].message}",
        ],
        "",
    );
    let remedy = note.split('`').nth(1).unwrap();
    assert_eq!(
        remedy,
        "kubectl rollout restart deployment/api --namespace plain"
    );
    server.shell(remedy);
}

#[test]
fn a_configuration_that_was_applied_again_gets_its_ca_bundle_back() {
    let Some(stage) = Stage::start() else {
        return;
    };
    for number in 0..3 {
        stage
            .server
            .kubectl(&["replace", "-f", "-"], &configuration());
        stage.webhook.wait_for("caBundle updated");
        let created = stage.create(&pod("bank", &format!("api-{number}")), &[]);
        assert_eq!(containers(&created), ["irsa", "app"]);
    }
}

#[test]
fn replicas_that_start_at_the_same_time_share_one_authority() {
    let Some(server) = ApiServer::start(None) else {
        return;
    };
    // There is no service account in the cluster.
    install(&server);
    let start = || Webhook::spawn(&server, "127.0.0.1:0", &[]);
    let replicas = [start(), start(), start()];
    for replica in &replicas {
        replica.wait_for("ready");
    }
    let authority = || {
        let path = r"jsonpath={.data.current\.crt}";
        let secret = [
            "get",
            "secret",
            "irsa-webhook-ca",
            "-n",
            "irsa-system",
            "-o",
            path,
        ];
        server.kubectl(&secret, "")
    };
    let first = authority();
    server.kubectl(&["create", "-f", "-"], &configuration());
    // Any of them may be the first.
    let published = "--for=jsonpath={.webhooks[1].clientConfig.caBundle}";
    server.kubectl(
        &[
            "wait",
            published,
            "mutatingwebhookconfiguration/irsa",
            "--timeout=40s",
        ],
        "",
    );
    let bundle = server.kubectl(
        &[
            "get",
            "mutatingwebhookconfiguration",
            "irsa",
            "-o",
            "jsonpath={.webhooks[*].clientConfig.caBundle}",
        ],
        "",
    );
    assert_eq!(bundle, format!("{first} {first}"));
    // A replica writes a Secret back that was deleted.
    server.kubectl(
        &["delete", "secret", "irsa-webhook-ca", "-n", "irsa-system"],
        "",
    );
    server.kubectl(&["replace", "-f", "-"], &configuration());
    let created = [
        "wait",
        "--for=create",
        "secret/irsa-webhook-ca",
        "-n",
        "irsa-system",
        "--timeout=90s",
    ];
    server.kubectl(&created, "");
    assert_eq!(authority(), first);
}

#[test]
fn a_webhook_that_may_not_watch_logs_the_missing_permission() {
    let Some(server) = ApiServer::start(None) else {
        return;
    };
    install(&server);
    let kubeconfig = server.service_account("irsa-system", "irsa-webhook");
    let kubeconfig = ["--kubeconfig", kubeconfig.to_str().unwrap()];
    let webhook = Webhook::spawn(&server, "127.0.0.1:0", &kubeconfig);
    let record = webhook.wait_for("cannot watch objects; retrying");
    let kind = record["kind"].as_str().unwrap();
    let error = record["error"].as_str().unwrap();
    assert!(error.starts_with(&format!("cannot list {kind}")), "{error}");
    assert!(error.contains("forbidden"), "{error}");
}
