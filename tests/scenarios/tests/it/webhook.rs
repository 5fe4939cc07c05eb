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

/// A webhook in front of an API server, with service accounts that ask for a database.
fn start() -> Option<(ApiServer, Webhook)> {
    let server = ApiServer::start(None)?;
    let address = install(&server);
    let annotations = json!({"irsa.dev/postgres": DATABASE, "irsa.dev/role-arn": ROLE});
    for namespace in ["shop", "bank"] {
        let account = account(namespace, "api", &annotations);
        server.kubectl(&["create", "-f", "-"], &account);
    }
    let webhook = Webhook::start(&server, &address, &["--drain-delay", "0s"]);
    // As Helm does, which creates webhook configurations after Deployments.
    server.kubectl(&["create", "-f", "-"], &configuration());
    webhook.wait_for("caBundle updated");
    Some((server, webhook))
}

#[test]
fn a_pod_in_a_restricted_namespace_gets_the_sidecar() {
    let Some((server, webhook)) = start() else {
        return;
    };
    let created = create(&server, &pod("shop", "api"), &[]);
    assert_eq!(containers(&created), ["irsa", "app"]);
    let sidecar = &created["spec"]["initContainers"][0];
    assert_eq!(sidecar["image"], IMAGE);
    assert_eq!(sidecar["restartPolicy"], "Always");
    let read = server.kubectl(&["get", "pod", "api", "-n", "shop", "-o", "json"], "");
    let read: Value = serde_json::from_str(&read).unwrap();
    assert_eq!(created["spec"], read["spec"]);
    assert!(webhook.metric(r#"irsa_webhook_reviews_total{outcome="injected",reason=""}"#) >= 1.0);
    webhook.terminate();
    assert_eq!(webhook.wait(), Some(0));
    server.stop();
}
