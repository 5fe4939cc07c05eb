//! `irsa webhook` as a process behind a Service of a real API server.

use std::io::{BufRead as _, BufReader};
use std::process::{Child, ChildStderr, Command, Stdio};
use std::sync::mpsc::{Receiver, channel};
use std::thread;
use std::time::Instant;

use irsa_testing::program::{PATIENCE, irsa};
use rustix::process::{Pid, Signal, kill_process};
use serde_json::Value;

use crate::http;
use crate::kubernetes::ApiServer;

pub(super) const NAMESPACE: &str = "irsa-system";
pub(super) const IMAGE: &str = "registry.example.com/irsa@sha256:0123";

/// The namespaces, the Service and the configuration of the webhook, without a `caBundle`.
pub(super) const OBJECTS: &str = r#"
{"apiVersion": "v1", "kind": "List", "items": [
  {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": "irsa-system"}},
  {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": "shop",
   "labels": {"pod-security.kubernetes.io/enforce": "restricted"}}},
  {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": "plain"}},
  {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": "bank", "labels": {"irsa.dev/injection": "required"}}},
  {"apiVersion": "v1", "kind": "Service", "metadata": {"name": "irsa-webhook", "namespace": "irsa-system"},
   "spec": {"ports": [{"port": 443}]}}
]}"#;

/// The MutatingWebhookConfiguration, as the chart has it.
pub(super) fn configuration() -> String {
    let webhook = |name: &str, path: &str, policy: &str, operator: &str| {
        serde_json::json!({
            "name": name, "failurePolicy": policy, "sideEffects": "NoneOnDryRun", "timeoutSeconds": 3,
            "reinvocationPolicy": "IfNeeded", "admissionReviewVersions": ["v1", "v1beta1"],
            "clientConfig": {"service": {"namespace": NAMESPACE, "name": "irsa-webhook", "path": path, "port": 443}},
            "namespaceSelector": {"matchExpressions": [
                {"key": "irsa.dev/injection", "operator": operator, "values": ["required"]}]},
            "rules": [{"apiGroups": [""], "apiVersions": ["v1"], "operations": ["CREATE"], "resources": ["pods"]}],
        })
    };
    serde_json::json!({
        "apiVersion": "admissionregistration.k8s.io/v1", "kind": "MutatingWebhookConfiguration",
        "metadata": {"name": "irsa"},
        "webhooks": [
            webhook("pods.irsa.dev", "/mutate", "Ignore", "NotIn"),
            webhook("required-pods.irsa.dev", "/mutate-required", "Fail", "In"),
        ],
    })
    .to_string()
}

/// A service account with these annotations.
pub(super) fn account(namespace: &str, name: &str, annotations: &Value) -> String {
    serde_json::json!({
        "apiVersion": "v1", "kind": "ServiceAccount",
        "metadata": {"name": name, "namespace": namespace, "annotations": annotations},
    })
    .to_string()
}

/// A running webhook.
pub(crate) struct Webhook {
    child: Child,
    records: Receiver<Value>,
    pub(super) admin: String,
}

impl Webhook {
    /// Starts a replica that listens on this address, and waits until it is ready.
    pub(super) fn start(server: &ApiServer, listen: &str, arguments: &[&str]) -> Self {
        let webhook = Self::spawn(server, listen, arguments);
        webhook.wait_for("ready");
        webhook
    }

    /// Starts a replica, and waits until it listens.
    pub(super) fn spawn(server: &ApiServer, listen: &str, arguments: &[&str]) -> Self {
        let admin = ["--admin-address", "127.0.0.1:0", "--drain-delay", "0s"];
        let logs = ["--log-format", "json", "--log-level", "debug"];
        let mut command = irsa(&["webhook", "--listen", listen, "--image", IMAGE]);
        command
            .args(admin)
            .args(logs)
            .args(arguments)
            .env("KUBECONFIG", server.kubeconfig())
            .env("POD_NAMESPACE", NAMESPACE)
            .env("POD_NAME", "irsa-webhook-0")
            .env("AWS_REGION", "eu-central-1");
        Self::listening(&mut command)
    }

    /// Runs a command of the webhook, which logs JSON, and waits until it is ready.
    pub(crate) fn run(command: &mut Command) -> Self {
        let webhook = Self::listening(command);
        webhook.wait_for("ready");
        webhook
    }

    /// Runs a command of the webhook, and waits until it listens.
    fn listening(command: &mut Command) -> Self {
        let mut child = command.stderr(Stdio::piped()).spawn().unwrap();
        let records = follow(child.stderr.take().unwrap());
        let mut webhook = Self {
            child,
            records,
            admin: String::new(),
        };
        let started = webhook.wait_for("started");
        started["admin"]
            .as_str()
            .unwrap()
            .clone_into(&mut webhook.admin);
        webhook
    }

    /// Waits for the next record with this message.
    pub(crate) fn wait_for(&self, message: &str) -> Value {
        let mut skipped = Vec::new();
        let deadline = Instant::now() + PATIENCE;
        loop {
            let left = deadline.saturating_duration_since(Instant::now());
            match self.records.recv_timeout(left) {
                Ok(record) if record["message"] == message => return record,
                Ok(record) => skipped.push(record.to_string()),
                Err(error) => panic!("no record `{message}` ({error}):\n{}", skipped.join("\n")),
            }
        }
    }

    /// The value of a series of its metrics.
    pub(super) fn metric(&self, series: &str) -> f64 {
        let text = http::call(&self.admin, "GET", "/metrics", &[]).body;
        let mut lines = text.lines();
        let value = lines.find_map(|line| line.strip_prefix(series)?.trim().parse().ok());
        value.unwrap_or_else(|| panic!("no `{series}` in {text}"))
    }

    pub(crate) fn terminate(&self) {
        kill_process(Pid::from_child(&self.child), Signal::TERM).unwrap();
    }

    /// Waits until it has stopped, and returns its exit code.
    pub(crate) fn wait(mut self) -> Option<i32> {
        self.child.wait().unwrap().code()
    }
}

impl Drop for Webhook {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn follow(log: ChildStderr) -> Receiver<Value> {
    let (sender, records) = channel();
    thread::spawn(move || {
        for line in BufReader::new(log).lines() {
            let line = line.unwrap();
            let record = serde_json::from_str(&line).unwrap_or(Value::String(line));
            if sender.send(record).is_err() {
                return;
            }
        }
    });
    records
}

/// Creates the objects of the webhook, and returns the address of its Service, which is on loopback.
pub(super) fn install(server: &ApiServer) -> String {
    server.kubectl(&["create", "-f", "-"], OBJECTS);
    let address = server.kubectl(
        &[
            "get",
            "service",
            "irsa-webhook",
            "--namespace",
            NAMESPACE,
            "--output",
            "jsonpath={.spec.clusterIP}",
        ],
        "",
    );
    format!("{}:443", address.trim())
}
