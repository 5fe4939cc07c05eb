//! A release from its installation to its end, on a real API server.
//!
//! No webhook runs, so these tests show the worst case: it is never available. The API server cannot connect to the
//! Service and applies the failure policy.

use std::process::Command;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::thread;

use irsa_testing::program::finish;
use serde_json::{Value, json};

use super::{Helm, NAMESPACE, RELEASE, assignments, folder, read};
use crate::kubernetes::ApiServer;

/// How Helm changes objects: as Helm 4 does by default, and as Helm 3 does, by a three-way merge.
const METHODS: [&str; 2] = ["--server-side=true", "--server-side=false"];

/// A namespace whose pods may start without a sidecar, and one whose pods may not.
const ORDINARY: &str = "shop";
const REQUIRED: &str = "bank";

struct Cluster {
    helm: Helm,
    server: ApiServer,
}

// === impl Cluster ===

impl Cluster {
    fn start() -> Option<Self> {
        let (helm, server) = (Helm::start()?, ApiServer::start(None)?);
        let cluster = Self { helm, server };
        for namespace in [ORDINARY, REQUIRED] {
            cluster
                .server
                .kubectl(&["create", "namespace", namespace], "");
            let account = [
                "--namespace",
                namespace,
                "create",
                "serviceaccount",
                "default",
            ];
            cluster.server.kubectl(&account, "");
        }
        let label = "irsa.dev/injection=required";
        cluster
            .server
            .kubectl(&["label", "namespace", REQUIRED, label], "");
        Some(cluster)
    }

    fn helm(&self, arguments: &[&str], values: &[&str]) {
        let mut command = self.helm.command(arguments);
        command
            .args(["--namespace", NAMESPACE])
            .args(assignments(values))
            .env("KUBECONFIG", self.server.kubeconfig());
        finish(&mut command).printed();
    }

    fn install(&self, method: &str) {
        self.helm.install(&self.server, &[method], &[]);
    }

    fn upgrade(&self, method: &str, value: &str) {
        let chart = folder();
        let chart = chart.to_str().unwrap();
        self.helm(&["upgrade", RELEASE, chart, method], &[value]);
    }

    fn roll_back(&self, method: &str) {
        let mut command = self.helm.command(&["rollback", RELEASE, "1", method]);
        command.args(["--namespace", NAMESPACE]);
        finish(command.env("KUBECONFIG", self.server.kubeconfig())).printed();
    }

    fn uninstall(&self) {
        let mut command = self.helm.command(&["uninstall", RELEASE, "--wait"]);
        command.args(["--namespace", NAMESPACE]);
        finish(command.env("KUBECONFIG", self.server.kubeconfig())).printed();
    }

    fn configuration(&self) -> Value {
        let get = ["get", "mutatingwebhookconfiguration", "irsa", "-o", "json"];
        serde_json::from_str(&self.server.kubectl(&get, "")).unwrap()
    }

    fn ca_bundles(&self) -> Vec<Value> {
        let configuration = self.configuration();
        let webhooks = configuration["webhooks"].as_array().unwrap();
        let bundle = |webhook: &Value| webhook["clientConfig"]["caBundle"].clone();
        webhooks.iter().map(bundle).collect()
    }

    /// Sets the CA of both webhooks, as the running webhook does.
    fn set_ca_bundles(&self) -> Value {
        let get = [
            "config",
            "view",
            "--raw",
            "--flatten",
            "-o",
            "jsonpath={.clusters[0].cluster.certificate-authority-data}",
        ];
        let bundle = json!(self.server.kubectl(&get, ""));
        let add = |index| json!({"op": "add", "path": format!("/webhooks/{index}/clientConfig/caBundle"), "value": bundle});
        let patch = json!([add(0), add(1)]).to_string();
        let object = [
            "patch",
            "mutatingwebhookconfiguration",
            "irsa",
            "--type=json",
        ];
        self.server
            .kubectl(&[&object[..], &["--patch", &patch]].concat(), "");
        bundle
    }

    /// Creates a pod and returns the error, if the API server refuses it.
    fn create(&self, namespace: &str, pod: &Value) -> Result<(), String> {
        create(self.server.kubeconfig().to_str().unwrap(), namespace, pod)
    }
}

fn create(kubeconfig: &str, namespace: &str, pod: &Value) -> Result<(), String> {
    let script = "printf %s \"$1\" | kubectl --namespace \"$2\" create -f -";
    let mut shell = Command::new("sh");
    shell.args(["-ec", script, "sh", &pod.to_string(), namespace]);
    let finished = finish(shell.env("KUBECONFIG", kubeconfig));
    if finished.code == 0 {
        Ok(())
    } else {
        Err(finished.stderr)
    }
}

fn pod(annotations: &Value) -> Value {
    json!({
        "apiVersion": "v1",
        "kind": "Pod",
        "metadata": {"generateName": "api-", "annotations": annotations},
        "spec": {"containers": [{"name": "api", "image": "api"}]},
    })
}

#[test]
fn helm_keeps_the_ca_that_the_running_webhook_set() {
    let Some(cluster) = Cluster::start() else {
        return;
    };
    for method in METHODS {
        cluster.install(method);
        assert_eq!(cluster.ca_bundles(), [Value::Null, Value::Null]);
        let bundle = cluster.set_ca_bundles();
        let expected = [bundle.clone(), bundle];
        cluster.upgrade(method, "webhook.timeoutSeconds=5");
        assert_eq!(cluster.configuration()["webhooks"][1]["timeoutSeconds"], 5);
        assert_eq!(cluster.ca_bundles(), expected, "upgrade {method}");
        cluster.roll_back(method);
        assert_eq!(cluster.configuration()["webhooks"][1]["timeoutSeconds"], 3);
        assert_eq!(cluster.ca_bundles(), expected, "rollback {method}");
        cluster.uninstall();
    }
    cluster.server.stop();
}

#[test]
fn no_stage_of_a_release_blocks_pods_unless_their_namespace_requires_it() {
    let Some(cluster) = Cluster::start() else {
        return;
    };
    let kubeconfig = cluster.server.kubeconfig();
    let kubeconfig = kubeconfig.to_str().unwrap();
    let is_over = AtomicBool::new(false);
    let created = AtomicUsize::new(0);
    // Waits until a pod was created whose creation began after this call.
    let two_more = || {
        let target = created.load(Ordering::Acquire) + 2;
        while created.load(Ordering::Acquire) < target && !is_over.load(Ordering::Acquire) {
            thread::yield_now();
        }
    };
    thread::scope(|scope| {
        let pods = scope.spawn(|| {
            let _over = OnDrop(&is_over);
            while !is_over.load(Ordering::Acquire) {
                create(kubeconfig, ORDINARY, &pod(&json!({}))).unwrap();
                created.fetch_add(1, Ordering::AcqRel);
            }
        });
        let over = OnDrop(&is_over);
        two_more();
        cluster.install(METHODS[0]);
        two_more();
        cluster.upgrade(METHODS[0], "replicas=3");
        two_more();
        required_namespaces_wait_for_the_webhook(&cluster);
        cluster.roll_back(METHODS[0]);
        two_more();
        cluster.uninstall();
        two_more();
        drop(over);
        pods.join().unwrap();
    });
    cluster.create(REQUIRED, &pod(&json!({}))).unwrap();
    the_alerts_on_failures_use_metrics_of_the_api_server(&cluster);
    cluster.server.stop();
}

/// Sets a flag, also if the thread panics.
struct OnDrop<'f>(&'f AtomicBool);

impl Drop for OnDrop<'_> {
    fn drop(&mut self) {
        self.0.store(true, Ordering::Release);
    }
}

/// That is what the label asks for. Pods that opted out, and static pods, do not depend on the webhook.
fn required_namespaces_wait_for_the_webhook(cluster: &Cluster) {
    let refused = cluster.create(REQUIRED, &pod(&json!({}))).unwrap_err();
    assert!(refused.contains("required-pods.irsa.dev"), "{refused}");
    let opted_out = pod(&json!({"irsa.dev/inject": "false"}));
    cluster.create(REQUIRED, &opted_out).unwrap();
    let mut mirror = pod(&json!({"kubernetes.io/config.mirror": "0"}));
    mirror["spec"]["nodeName"] = json!("node");
    cluster.create(REQUIRED, &mirror).unwrap();
}

/// Each selector of the alerts must have a series: a failure of each kind happened.
fn the_alerts_on_failures_use_metrics_of_the_api_server(cluster: &Cluster) {
    let metrics = cluster.server.kubectl(&["get", "--raw", "/metrics"], "");
    let alerts = read("files/alerts.yaml");
    let expressions = alerts.lines().filter(|line| line.contains("expr: "));
    let selectors: Vec<_> = expressions
        .filter_map(|line| line.split_once("apiserver_"))
        .map(|(_, rest)| rest.split_once('}').unwrap().0)
        .collect();
    assert_eq!(selectors.len(), 2, "{selectors:?}");
    for selector in selectors {
        let (name, labels) = selector.split_once('{').unwrap();
        let has_labels = |line: &&str| labels.split(',').all(|label| line.contains(label));
        let mut series = metrics
            .lines()
            .filter(|line| line.starts_with(&format!("apiserver_{name}{{")));
        assert!(series.any(|line| has_labels(&line)), "{selector}");
    }
}
