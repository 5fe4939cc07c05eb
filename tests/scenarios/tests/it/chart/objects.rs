//! The objects, as a real API server accepts them.

use serde_json::{Value, json};

use super::{BRANCHES, Helm, NAMESPACE};
use crate::kubernetes::ApiServer;

/// The types of Prometheus Operator and cert-manager, with any content.
const CUSTOM: [(&str, &str, &str); 5] = [
    ("monitoring.coreos.com", "v1", "ServiceMonitor"),
    ("monitoring.coreos.com", "v1", "PodMonitor"),
    ("monitoring.coreos.com", "v1", "PrometheusRule"),
    ("cert-manager.io", "v1", "Issuer"),
    ("cert-manager.io", "v1", "Certificate"),
];

/// What the webhook may do, as `kubectl auth can-i` asks for it.
const ALLOWED: [&[&str]; 14] = [
    &["get", "serviceaccounts", "--namespace=shop"],
    &["list", "serviceaccounts", "--all-namespaces"],
    &["watch", "serviceaccounts", "--all-namespaces"],
    &["get", "namespaces"],
    &["list", "namespaces"],
    &["watch", "namespaces"],
    &["list", "pods", "--all-namespaces"],
    &["get", "pods", "--namespace=irsa-system"],
    &["create", "events.events.k8s.io", "--namespace=shop"],
    &["patch", "mutatingwebhookconfigurations/irsa"],
    &["watch", "mutatingwebhookconfigurations/irsa"],
    &["create", "secrets", "--namespace=irsa-system"],
    &["get", "secrets/irsa-webhook-ca", "--namespace=irsa-system"],
    &[
        "update",
        "secrets/irsa-webhook-ca",
        "--namespace=irsa-system",
    ],
];

const FORBIDDEN: [&[&str]; 12] = [
    &["get", "pods", "--namespace=shop"],
    &["create", "pods", "--namespace=shop"],
    &["delete", "pods", "--namespace=shop"],
    &["get", "secrets", "--namespace=shop"],
    &["create", "secrets", "--namespace=shop"],
    &["get", "secrets/other", "--namespace=irsa-system"],
    &["list", "secrets", "--namespace=irsa-system"],
    &["create", "serviceaccounts/token", "--namespace=shop"],
    &[
        "patch",
        "mutatingwebhookconfigurations/pod-identity-webhook",
    ],
    &["create", "mutatingwebhookconfigurations"],
    &["delete", "mutatingwebhookconfigurations/irsa"],
    &["update", "namespaces"],
];

#[test]
fn a_real_api_server_accepts_all_objects() {
    let (Some(helm), Some(server)) = (Helm::start(), ApiServer::start(None)) else {
        return;
    };
    let definitions = CUSTOM.map(|(group, version, kind)| definition(group, version, kind));
    create_all(&server, &definitions);
    server.kubectl(&["create", "namespace", NAMESPACE], "");
    let established = ["wait", "--for=condition=Established", "crd", "--all"];
    server.kubectl(&established, "");
    for values in BRANCHES {
        let rendered = helm.template(values);
        let apply = [
            "apply",
            "--server-side",
            "--dry-run=server",
            "--validate=strict",
            "-f",
            "-",
        ];
        let applied = server.kubectl(&apply, rendered.printed());
        let objects = rendered.stdout.matches("\nkind: ").count();
        let count = applied
            .matches(" serverside-applied (server dry run)")
            .count();
        assert_eq!(count, objects, "{values:?}: {applied}");
    }
    pods_are_restricted(&helm, &server);
    has_exactly_the_permissions_that_it_needs(&helm, &server);
    server.stop();
}

fn create_all(server: &ApiServer, objects: &[Value]) {
    let list = json!({"apiVersion": "v1", "kind": "List", "items": objects});
    server.kubectl(&["create", "-f", "-"], &list.to_string());
}

/// A type whose objects can have any content.
fn definition(group: &str, version: &str, kind: &str) -> Value {
    let singular = kind.to_lowercase();
    let plural = format!("{singular}s");
    let schema = json!({"type": "object", "x-kubernetes-preserve-unknown-fields": true});
    let version = json!({"name": version, "served": true, "storage": true, "schema": {"openAPIV3Schema": schema}});
    json!({
        "apiVersion": "apiextensions.k8s.io/v1",
        "kind": "CustomResourceDefinition",
        "metadata": {"name": format!("{plural}.{group}")},
        "spec": {
            "group": group,
            "scope": "Namespaced",
            "names": {"kind": kind, "plural": plural, "singular": singular},
            "versions": [version],
        },
    })
}

/// The namespace of the webhook can enforce the Pod Security level `restricted`.
fn pods_are_restricted(helm: &Helm, server: &ApiServer) {
    let enforce = "pod-security.kubernetes.io/enforce=restricted";
    server.kubectl(&["label", "namespace", NAMESPACE, enforce], "");
    server.kubectl(
        &[
            "--namespace",
            NAMESPACE,
            "create",
            "serviceaccount",
            "irsa-webhook",
        ],
        "",
    );
    for values in BRANCHES {
        let objects = helm.objects(values);
        let deployment = objects
            .iter()
            .find(|one| one["kind"] == "Deployment")
            .unwrap();
        let mut pod = deployment["spec"]["template"].clone();
        pod["apiVersion"] = json!("v1");
        pod["kind"] = json!("Pod");
        pod["metadata"]["name"] = json!("webhook");
        let create = [
            "--namespace",
            NAMESPACE,
            "create",
            "--dry-run=server",
            "-f",
            "-",
        ];
        server.kubectl(&create, &pod.to_string());
    }
}

fn has_exactly_the_permissions_that_it_needs(helm: &Helm, server: &ApiServer) {
    let roles: Vec<_> = helm
        .objects(&[])
        .into_iter()
        .filter(is_about_permissions)
        .collect();
    assert_eq!(roles.len(), 4, "{roles:?}");
    create_all(server, &roles);
    let account = format!("--as=system:serviceaccount:{NAMESPACE}:irsa-webhook");
    let answers = |questions: &[&[&str]]| -> Vec<String> {
        let ask = |question: &&[&str]| {
            // `can-i` exits with 1 for "no".
            let arguments = question.join(" ");
            let answer = server.shell(&format!("kubectl auth can-i {account} {arguments} || true"));
            format!("{arguments}: {}", answer.trim())
        };
        questions.iter().map(ask).collect()
    };
    for answer in answers(&ALLOWED) {
        assert!(answer.ends_with(": yes"), "{answer}");
    }
    for answer in answers(&FORBIDDEN) {
        assert!(answer.ends_with(": no"), "{answer}");
    }
}

fn is_about_permissions(object: &Value) -> bool {
    let kinds = ["ClusterRole", "ClusterRoleBinding", "Role", "RoleBinding"];
    kinds.iter().any(|kind| object["kind"] == *kind)
}
