//! What `irsa render` writes if the webhook injects the sidecar, on a real API server and through a real Helm.

use std::collections::BTreeMap;
use std::fs;
use std::process::Command;

use irsa_testing::program::{finish, irsa};
use serde_json::Value;
use tempfile::TempDir;

use crate::helm;
use crate::kubernetes::ApiServer;

const SPECIFICATION: &str = r#"version: 1
name: camunda
aws: {account: "111122223333", region: eu-central-1}
clusters: {prod: {}}
camunda: {version: "8.7"}
postgres:
  aurora:
    existing:
      endpoint: aurora.cluster-c9akciq32rgw.eu-central-1.rds.amazonaws.com
      resource_id: cluster-2K7XQ4MZJ6T5W3YHCNBVRDAEFU
    databases: {keycloak: {}, webmodeler: {}}
workloads:
  keycloak:
    component: keycloak
    service_account: camunda/keycloak
    postgres: {store: aurora, database: keycloak}
  web-modeler:
    component: web-modeler
    service_account: camunda/web-modeler
    identity: pod-identity
    postgres: {store: aurora, database: webmodeler}
"#;

/// Renders the specification with `--inject webhook`.
fn rendered() -> TempDir {
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("irsa.yaml"), SPECIFICATION).unwrap();
    for target in ["kubernetes", "helm-values"] {
        let mut command = irsa(&["render", target, "--inject", "webhook", "--out", "."]);
        finish(command.current_dir(&folder)).printed();
    }
    folder
}

/// The annotations of the service accounts among the objects, by name.
fn annotations(objects: &str) -> BTreeMap<String, Value> {
    let objects: Vec<Value> = serde_saphyr::from_multiple(objects).unwrap();
    let accounts = objects
        .into_iter()
        .filter(|one| one["kind"] == "ServiceAccount");
    accounts
        .map(|one| {
            let metadata = &one["metadata"];
            let name = metadata["name"].as_str().unwrap().to_owned();
            (name, metadata["annotations"].clone())
        })
        .collect()
}

#[test]
fn a_chart_gets_the_annotations_of_the_manifests_and_no_sidecar() {
    let Some(helm) = helm::program() else { return };
    let folder = rendered();
    let mut template = Command::new(helm);
    template
        .args(["template", "release"])
        .arg(concat!(
            env!("CARGO_MANIFEST_DIR"),
            "/tests/it/rendered_helm/chart"
        ))
        .arg("--values")
        .arg(folder.path().join("helm-values/prod/camunda-platform.yaml"))
        .env_clear()
        .env("HOME", folder.path());
    let templated = finish(&mut template);
    let manifests = folder.path().join("kubernetes/prod/service-accounts.yaml");
    let expected = annotations(&fs::read_to_string(manifests).unwrap());
    assert_eq!(expected.len(), 2, "{expected:?}");
    let mut found = annotations(templated.printed());
    found.retain(|name, _| expected.contains_key(name));
    assert_eq!(found, expected);
    assert!(
        !templated.stdout.contains("name: irsa\n"),
        "{}",
        templated.stdout
    );
}

#[test]
fn other_targets_take_no_injection() {
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("irsa.yaml"), SPECIFICATION).unwrap();
    let mut command = irsa(&["render", "sql", "--inject", "webhook", "--out", "."]);
    let refused = finish(command.current_dir(&folder));
    assert_eq!(refused.code, 2);
    let reason = "--inject: has an effect on `kubernetes` and `helm-values` only";
    assert!(refused.stderr.contains(reason), "{}", refused.stderr);
}

#[test]
fn a_real_api_server_accepts_the_component() {
    let Some(server) = ApiServer::start(None) else {
        return;
    };
    let folder = rendered();
    fs::write(
        folder.path().join("kustomization.yaml"),
        "components: [kubernetes/prod]\n",
    )
    .unwrap();
    server.kubectl(&["create", "namespace", "camunda"], "");
    let apply = "kubectl apply --server-side --dry-run=server --validate=strict -k";
    let applied = server.shell(&format!("{apply} {}", folder.path().display()));
    for name in ["keycloak", "web-modeler"] {
        assert!(
            applied.contains(&format!("serviceaccount/{name} serverside-applied")),
            "{applied}"
        );
    }
    server.stop();
}
