//! `irsa render kubernetes`.

use std::fs;
use std::process::Command;

use irsa_testing::skip;

use super::{OUTPUTS, preset, renderable_preset, run};

#[test]
fn manifests_wait_for_what_terraform_creates() {
    let folder = preset("camunda-8.3");
    let refused = run(folder.path(), &["render", "kubernetes", "--out", "."]);
    assert_eq!(refused.code, 1);
    assert!(
        refused
            .stderr
            .contains("endpoint and resource ID of `aurora`, endpoint of `camunda`"),
        "{}",
        refused.stderr
    );
    assert!(
        refused
            .stderr
            .contains("terraform output -json irsa > irsa.outputs.json"),
        "{}",
        refused.stderr
    );
    fs::write(folder.path().join("irsa.outputs.json"), OUTPUTS).unwrap();
    let refused = run(folder.path(), &["render", "kubernetes", "--out", "."]);
    assert_eq!(refused.code, 1);
    let expected = "the image of irsa is unknown: set `irsa.image`";
    assert!(refused.errors()[0].contains(expected), "{}", refused.stderr);
    let folder = renderable_preset("camunda-8.3");
    run(folder.path(), &["render", "kubernetes", "--out", "."]).printed();
    let patch = fs::read_to_string(
        folder
            .path()
            .join("kubernetes/camunda/keycloak-sidecar.yaml"),
    )
    .unwrap();
    assert!(
        patch.contains("aurora.cluster-c9akciq32rgw.eu-central-1.rds.amazonaws.com:5432"),
        "{patch}"
    );
}

/// The component in a user's own kustomization, by the Kustomize in kubectl.
#[test]
fn kustomize_adds_the_sidecar_to_labeled_workloads_before_everything_else() {
    let Some(mut kubectl) = kubectl() else {
        return;
    };
    let folder = renderable_preset("camunda-8.3");
    run(folder.path(), &["render", "kubernetes", "--out", "."]).printed();
    let kustomization = "resources: [apps.yaml]\ncomponents: [kubernetes/camunda]\n";
    fs::write(folder.path().join("kustomization.yaml"), kustomization).unwrap();
    fs::write(folder.path().join("apps.yaml"), APPS).unwrap();
    let built = kubectl
        .arg("kustomize")
        .arg(folder.path())
        .output()
        .unwrap();
    assert!(
        built.status.success(),
        "{}",
        String::from_utf8_lossy(&built.stderr)
    );
    let text = String::from_utf8(built.stdout).unwrap();
    let documents: Vec<_> = text.split("\n---\n").collect();
    let named = |kind: &str, name: &str| {
        let has = |line: String| move |document: &&&str| document.contains(&line);
        let mut found = documents.iter().filter(has(format!("kind: {kind}\n")));
        found
            .find(|document| document.contains(&format!("\n  name: {name}\n")))
            .unwrap()
            .to_string()
    };
    let keycloak = named("Deployment", "sso");
    let (irsa, migrate) = (
        keycloak.find("name: irsa\n").unwrap(),
        keycloak.find("name: migrate\n").unwrap(),
    );
    assert!(irsa < migrate, "{keycloak}");
    assert!(keycloak.contains("fsGroup: 1000"), "{keycloak}");
    assert!(
        keycloak.contains("serviceAccountName: keycloak"),
        "{keycloak}"
    );
    assert!(
        named("StatefulSet", "broker").contains("opensearch://search-camunda-"),
        "{text}"
    );
    assert!(!named("Deployment", "other").contains("irsa"), "{text}");
    assert_eq!(text.matches("kind: ServiceAccount").count(), 4, "{text}");
}

/// Two workloads with labels, one without.
const APPS: &str = "apiVersion: apps/v1
kind: Deployment
metadata: {name: sso, namespace: camunda, labels: {irsa.dev/workload: keycloak}}
spec:
  selector: {matchLabels: {app: sso}}
  template:
    metadata: {labels: {app: sso}}
    spec:
      securityContext: {fsGroup: 1000}
      initContainers: [{name: migrate, image: sso}]
      containers: [{name: sso, image: sso}]
      volumes: [{name: data, emptyDir: {}}]
---
apiVersion: apps/v1
kind: StatefulSet
metadata: {name: broker, namespace: camunda, labels: {irsa.dev/workload: zeebe}}
spec:
  selector: {matchLabels: {app: broker}}
  template:
    metadata: {labels: {app: broker}}
    spec:
      containers: [{name: broker, image: broker}]
---
apiVersion: apps/v1
kind: Deployment
metadata: {name: other, namespace: camunda}
spec:
  selector: {matchLabels: {app: other}}
  template:
    metadata: {labels: {app: other}}
    spec:
      containers: [{name: other, image: other}]
";

/// Returns the command of kubectl. If it is missing, prints why the test is skipped.
fn kubectl() -> Option<Command> {
    let found = Command::new("kubectl")
        .args(["version", "--client"])
        .output();
    if found.is_ok_and(|output| output.status.success()) {
        return Some(Command::new("kubectl"));
    }
    skip("kubectl is missing");
    None
}
