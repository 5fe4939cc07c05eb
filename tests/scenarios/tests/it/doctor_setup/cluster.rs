//! A cluster without kubelet, controllers and webhooks: the test creates pods as they would.

use std::path::PathBuf;

use serde_json::{Value, json};

use super::setup::Setup;
use crate::kubernetes::ApiServer;

/// An issuer in the format of EKS.
pub(super) const ISSUER: &str =
    "https://oidc.eks.eu-central-1.amazonaws.com/id/EXAMPLED539D4633E53DE1B71EXAMPLE";
const ROLE_ARN: &str = "eks.amazonaws.com/role-arn";
const IRSA_TOKEN: &str = "/var/run/secrets/eks.amazonaws.com/serviceaccount";
const AGENT_TOKEN: &str = "/var/run/secrets/pods.eks.amazonaws.com/serviceaccount";

/// A cluster.
pub(super) struct Cluster(ApiServer);

impl Cluster {
    /// Starts the API server. If a program is missing, prints why the test is skipped.
    pub(super) fn start() -> Option<Self> {
        Self::with_issuer(ISSUER)
    }

    /// Starts an API server with a different issuer.
    pub(super) fn with_issuer(issuer: &str) -> Option<Self> {
        ApiServer::start(Some(issuer)).map(Self)
    }

    pub(super) fn kubeconfig(&self) -> PathBuf {
        self.0.kubeconfig()
    }

    /// Creates the objects that irsa rendered, and the pods of its Deployments.
    pub(super) fn create(&self, setup: &Setup) {
        self.apply(&webhook());
        let objects = setup.kubernetes_objects();
        for object in &objects {
            let namespace = object["metadata"]["namespace"].as_str().unwrap();
            self.apply(
                &json!({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": namespace}}),
            );
            self.apply(object);
        }
        let deployments = objects
            .iter()
            .filter(|object| object["kind"] == "Deployment");
        for deployment in deployments {
            self.create_pod(deployment);
        }
    }

    /// Deletes the pods of a Deployment and creates a new one, as its controller does.
    pub(super) fn replace_pod(&self, namespace: &str, deployment: &str) {
        let pod = format!("{deployment}-6d4f-x2x4z");
        self.0
            .kubectl(&["-n", namespace, "delete", "pod", &pod, "--wait=true"], "");
        let get = [
            "-n",
            namespace,
            "get",
            "deployment",
            deployment,
            "-o",
            "json",
        ];
        let deployment = serde_json::from_str(&self.0.kubectl(&get, "")).unwrap();
        self.create_pod(&deployment);
    }

    /// Runs a command of a shell as the administrator.
    pub(super) fn shell(&self, command: &str) {
        self.0.shell(command);
    }

    fn create_pod(&self, deployment: &Value) {
        let metadata = &deployment["metadata"];
        let (name, namespace) = (metadata["name"].as_str().unwrap(), &metadata["namespace"]);
        let namespace = namespace.as_str().unwrap();
        let owner = json!({"apiVersion": "apps/v1", "kind": "ReplicaSet", "name": format!("{name}-6d4f"),
                           "uid": "1a2b3c4d-0000-4000-8000-000000000000", "controller": true});
        let template = &deployment["spec"]["template"];
        let mut pod = json!({
            "apiVersion": "v1",
            "kind": "Pod",
            "metadata": {"name": format!("{name}-6d4f-x2x4z"), "namespace": namespace,
                         "labels": template["metadata"]["labels"], "ownerReferences": [owner]},
            "spec": template["spec"],
        });
        self.inject_identity(&mut pod, namespace);
        self.run_pod(&pod);
    }

    /// Creates a service account and a pod, in their namespace.
    pub(super) fn create_running(&self, account: &Value, pod: &Value) {
        let namespace = &pod["metadata"]["namespace"];
        self.apply(
            &json!({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": namespace}}),
        );
        self.apply(account);
        self.run_pod(pod);
    }

    /// Creates a pod, and reports that it runs in place of the kubelet.
    fn run_pod(&self, pod: &Value) {
        self.0.kubectl(&["create", "-f", "-"], &pod.to_string());
        let name = |field: &str| pod["metadata"][field].as_str().unwrap();
        let status = r#"{"status": {"phase": "Running"}}"#;
        let patch = [
            "patch",
            "pod",
            name("name"),
            "--subresource=status",
            "--type=merge",
        ];
        let arguments = [&["-n", name("namespace")], &patch[..], &["-p", status]].concat();
        self.0.kubectl(&arguments, "");
    }

    /// Adds what EKS adds to a new pod: the role of the annotation, or that of the association.
    fn inject_identity(&self, pod: &mut Value, namespace: &str) {
        let account = pod["spec"]["serviceAccountName"]
            .as_str()
            .unwrap()
            .to_owned();
        let get = [
            "-n",
            namespace,
            "get",
            "serviceaccount",
            &account,
            "-o",
            "json",
        ];
        let account: Value = serde_json::from_str(&self.0.kubectl(&get, "")).unwrap();
        let uses_agent = pod.to_string().contains(r#""value":"pod-identity""#);
        match account["metadata"]["annotations"][ROLE_ARN].as_str() {
            Some(role) => inject(
                pod,
                ("aws-iam-token", IRSA_TOKEN, "sts.amazonaws.com"),
                [
                    ("AWS_ROLE_ARN", role),
                    (
                        "AWS_WEB_IDENTITY_TOKEN_FILE",
                        &format!("{IRSA_TOKEN}/token"),
                    ),
                ],
            ),
            None if uses_agent => inject(
                pod,
                (
                    "eks-pod-identity-token",
                    AGENT_TOKEN,
                    "pods.eks.amazonaws.com",
                ),
                [
                    (
                        "AWS_CONTAINER_CREDENTIALS_FULL_URI",
                        "http://169.254.170.23/v1/credentials",
                    ),
                    (
                        "AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE",
                        &format!("{AGENT_TOKEN}/token"),
                    ),
                ],
            ),
            None => {}
        }
    }

    fn apply(&self, object: &Value) {
        self.0.kubectl(&["apply", "-f", "-"], &object.to_string());
    }
}

/// Adds variables, a token and its mount to the containers that do not set the variables themselves.
fn inject(
    pod: &mut Value,
    (volume, folder, audience): (&str, &str, &str),
    variables: [(&str, &str); 2],
) {
    for kind in ["initContainers", "containers"] {
        let containers = pod["spec"][kind].as_array_mut();
        for container in containers.into_iter().flatten() {
            let text = container.to_string();
            if variables.iter().any(|(name, _)| text.contains(name)) {
                continue;
            }
            for (name, value) in variables {
                push(container, "env", json!({"name": name, "value": value}));
            }
            push(
                container,
                "volumeMounts",
                json!({"name": volume, "mountPath": folder, "readOnly": true}),
            );
        }
    }
    let token = json!({"audience": audience, "expirationSeconds": 86_400, "path": "token"});
    let projected = json!({"sources": [{"serviceAccountToken": token}]});
    push(
        &mut pod["spec"],
        "volumes",
        json!({"name": volume, "projected": projected}),
    );
}

fn push(object: &mut Value, list: &str, item: Value) {
    match object[list].as_array_mut() {
        Some(items) => items.push(item),
        None => object[list] = json!([item]),
    }
}

/// The webhook of EKS, which listens on the API server's machine.
fn webhook() -> Value {
    json!({
        "apiVersion": "admissionregistration.k8s.io/v1",
        "kind": "MutatingWebhookConfiguration",
        "metadata": {"name": "pod-identity-webhook"},
        "webhooks": [{
            "name": "iam-for-pods.amazonaws.com",
            "admissionReviewVersions": ["v1"],
            "clientConfig": {"url": "https://127.0.0.1:23443/mutate"},
            "failurePolicy": "Ignore",
            "rules": [{"apiGroups": [""], "apiVersions": ["v1"], "operations": ["CREATE"], "resources": ["pods"]}],
            "sideEffects": "None",
            "timeoutSeconds": 1,
        }],
    })
}
