//! The manifests beside the chart: the Kustomize base and the reference applications.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use irsa_testing::program::finish;
use serde_json::{Value, json};

use super::{Helm, NAMESPACE, RELEASE, folder};
use crate::kubernetes::ApiServer;

const GENERATED: &str =
    "# Generated from the Helm chart by `cargo xtask gen`. Change the chart instead.\n";

fn deploy(name: &str) -> PathBuf {
    folder().join("../..").join(name)
}

/// With `IRSA_UPDATE_DOCS=1`, the test writes the file.
#[test]
fn the_kustomize_base_is_the_rendered_chart() {
    let Some(helm) = Helm::start() else { return };
    let mut template = helm.command(&["template", RELEASE]);
    template.arg(folder()).args(["--namespace", NAMESPACE]);
    let rendered = finish(template.args(["--set", "image.repository=irsa"]));
    // These labels and comments name Helm.
    let is_of_helm = |line: &&str| {
        let line = line.trim_start();
        line.starts_with("helm.sh/chart:")
            || line == "app.kubernetes.io/managed-by: Helm"
            || line.starts_with("# Source: ")
    };
    let lines = rendered.printed().lines().filter(|line| !is_of_helm(line));
    let expected: Vec<_> = lines.filter(|line| !line.is_empty()).collect();
    let expected = format!("{GENERATED}{}\n", expected.join("\n"));
    let file = deploy("kustomize/webhook.yaml");
    if std::env::var_os("IRSA_UPDATE_DOCS").is_some() {
        fs::write(&file, &expected).unwrap();
    }
    let found = fs::read_to_string(file).unwrap_or_default();
    assert!(found == expected, "out of date: run `cargo xtask gen`");
}

#[test]
fn a_real_api_server_accepts_the_kustomizations() {
    let Some(server) = ApiServer::start(None) else {
        return;
    };
    for (name, namespace, objects) in [("kustomize", NAMESPACE, 10), ("reference", "camunda", 9)] {
        let folder = deploy(name).display().to_string();
        // A dry run does not create the namespace, which the other objects need.
        server.kubectl(&["create", "namespace", namespace], "");
        let apply = [
            "apply",
            "--server-side",
            "--force-conflicts",
            "--validate=strict",
        ];
        let applied = server.kubectl(
            &[&apply[..], &["--dry-run=server", "-k", &folder]].concat(),
            "",
        );
        let count = applied.lines().count();
        assert!(count >= objects, "{applied}");
    }
    server.stop();
}

/// The guides' applications run in tests, with the environment that the guides show.
#[test]
fn the_reference_applications_are_those_of_the_guides() {
    for name in ["keycloak", "web-modeler", "operate", "zeebe"] {
        let guide = Path::new("docs/guides").join(format!("{name}.md"));
        let guide = fs::read_to_string(deploy("..").join(guide)).unwrap();
        let block = guide
            .split("```yaml\n")
            .find(|block| block.starts_with("apiVersion: v1\n"))
            .unwrap();
        let guide = objects(block.split("```").next().unwrap());
        let file = fs::read_to_string(deploy("reference").join(format!("{name}.yaml"))).unwrap();
        let reference = objects(&file);
        let sidecar = &pod(&guide)["initContainers"][0];
        let upstream = sidecar["env"][0]["value"].as_str().unwrap();
        let (scheme, endpoint) = upstream.split_once("://").unwrap();
        let endpoint = endpoint.trim_end_matches(":5432");
        let role =
            &guide["ServiceAccount"]["metadata"]["annotations"]["eks.amazonaws.com/role-arn"];
        let annotations = &reference["ServiceAccount"]["metadata"]["annotations"];
        let expected = BTreeMap::from([
            ("irsa.dev/role-arn".to_owned(), role.clone()),
            (format!("irsa.dev/{scheme}"), json!(endpoint)),
        ]);
        assert_eq!(annotations, &json!(expected), "{name}");
        assert_eq!(
            pod(&reference)["containers"],
            pod(&guide)["containers"],
            "{name}"
        );
        assert!(pod(&reference)["initContainers"].is_null(), "{name}");
    }
}

/// The objects of a file by kind; the one with a pod is `Workload`.
fn objects(text: &str) -> BTreeMap<String, Value> {
    let objects: Vec<Value> = serde_saphyr::from_multiple(text).unwrap();
    let key = |object: &Value| match object["kind"].as_str().unwrap() {
        "Deployment" | "StatefulSet" => "Workload".to_owned(),
        other => other.to_owned(),
    };
    objects.into_iter().map(|one| (key(&one), one)).collect()
}

fn pod(objects: &BTreeMap<String, Value>) -> &Value {
    &objects["Workload"]["spec"]["template"]["spec"]
}
