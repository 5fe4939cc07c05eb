//! What `irsa render helm-values` writes, rendered by a real Helm with a chart that hands values to pods as the charts
//! of Camunda and Keycloak do: with `tpl`, without it, and as texts.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use irsa_components::{GoError, cache, helm};
use irsa_testing::program::{finish, irsa};
use irsa_testing::{print_line, skip};
use serde_json::{Value, json};
use tempfile::TempDir;
use tokio::runtime::Builder;

/// Two users and a path of roles, to be replaced by hostile ones.
const CAMUNDA: &str = r#"version: 1
name: camunda
aws: {account: "111122223333", region: eu-central-1}
iam: {path: "/PATH/"}
clusters: {prod: {}}
irsa: {image: "registry.example.com/irsa:0.1.0"}
camunda: {version: "VERSION"}
postgres:
  aurora:
    existing:
      endpoint: aurora.cluster-c9akciq32rgw.eu-central-1.rds.amazonaws.com
      resource_id: cluster-2K7XQ4MZJ6T5W3YHCNBVRDAEFU
    databases: {keycloak: {}, "DATABASE": {}}
workloads:
  keycloak:
    component: keycloak
    service_account: camunda/keycloak
    application_identity: keep
    postgres: {store: aurora, database: "DATABASE", user: "KEYCLOAK"}
  web-modeler:
    component: web-modeler
    service_account: camunda/web-modeler
    postgres: {store: aurora, database: keycloak, user: "MODELER"}
"#;

const OPENSEARCH: &str = "opensearch:
  search:
    existing: {endpoint: vpc-search-abcdefghijklmnopqrstuvwxyz.eu-central-1.es.amazonaws.com}
";

/// Texts that mean something to templates or YAML, and are allowed in names of database users.
const HOSTILE: [&str; 20] = [
    "{{ .Release.Name }}",
    "{{fail`x`}}",
    "{{{{",
    "{{{",
    "}}{{",
    "{{- 1 -}}",
    "{{`",
    "`}}",
    "{{`{{`}}",
    "{ {",
    "{",
    "a\\\"b",
    "it's",
    "a: b",
    "a #b",
    "- a",
    "yes",
    "1e3",
    "&a",
    "%a! @b",
];

struct Lab {
    helm: PathBuf,
    folder: TempDir,
}

impl Lab {
    /// If Go is missing, prints why the test is skipped.
    fn start() -> Option<Self> {
        let cache = cache::folder(std::env::var_os).unwrap();
        let runtime = Builder::new_current_thread().enable_all().build().unwrap();
        let located = runtime.block_on(helm::locate(&cache, &print_line));
        if let Err(error @ GoError::Missing { .. }) = &located {
            skip(error);
            return None;
        }
        let folder = tempfile::tempdir().unwrap();
        Some(Self {
            helm: located.unwrap(),
            folder,
        })
    }

    /// Writes the specification and has irsa render it.
    fn render(&self, text: &str) {
        fs::write(self.path("irsa.yaml"), text).unwrap();
        for target in ["helm-values", "kubernetes"] {
            let mut command = irsa(&["render", target, "--out", "."]);
            finish(command.current_dir(&self.folder)).printed();
        }
    }

    /// The objects that Helm makes of the values of a chart, by kind and name.
    fn template(&self, chart: &str) -> BTreeMap<String, Value> {
        let pods = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/it/rendered_helm/chart");
        let mut command = Command::new(&self.helm);
        command
            .args(["template", "release"])
            .arg(pods)
            .arg("--values")
            .arg(self.path(&format!("helm-values/prod/{chart}.yaml")))
            .env_clear()
            .env("HOME", self.folder.path());
        let output = command.output().unwrap();
        let problem = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success(), "{problem}");
        let text = String::from_utf8(output.stdout).unwrap();
        let objects: Vec<Value> = serde_saphyr::from_multiple(&text).unwrap();
        let name = |object: &Value| {
            format!(
                "{}/{}",
                text_of(&object["kind"]),
                text_of(&object["metadata"]["name"])
            )
        };
        objects
            .into_iter()
            .map(|object| (name(&object), object))
            .collect()
    }

    /// The pod that the Kustomize component makes of a workload.
    fn patched(&self, workload: &str) -> Value {
        let file = self.path(&format!("kubernetes/prod/{workload}-sidecar.yaml"));
        let patch: Value = serde_saphyr::from_str(&fs::read_to_string(file).unwrap()).unwrap();
        patch["spec"]["template"]["spec"].clone()
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }
}

fn text_of(value: &Value) -> &str {
    value
        .as_str()
        .unwrap_or_else(|| panic!("not a text: {value}"))
}

/// Has a pod the sidecar and the volumes of the manifests?
fn assert_sidecar(pod: &Value, patched: &Value) {
    assert_eq!(
        pod["spec"]["initContainers"][0],
        patched["initContainers"][0]
    );
    let volumes = pod["spec"]["volumes"].as_array().unwrap();
    for volume in patched["volumes"].as_array().unwrap() {
        assert!(volumes.contains(volume), "{volume}: {volumes:?}");
    }
}

fn variable<'v>(pod: &'v Value, name: &str) -> &'v str {
    let variables = pod["spec"]["containers"][0]["env"].as_array().unwrap();
    let variable = variables.iter().find(|variable| variable["name"] == name);
    text_of(&variable.unwrap_or_else(|| panic!("{name}: {variables:?}"))["value"])
}

fn camunda(version: &str, path: &str, keycloak: &str, modeler: &str) -> String {
    let quoted = |text: &str| text.replace('\\', "\\\\").replace('"', "\\\"");
    CAMUNDA
        .replace("VERSION", version)
        .replace("PATH", path)
        .replace("KEYCLOAK", &quoted(keycloak))
        .replace("MODELER", &quoted(modeler))
        .replace("DATABASE", "{{ .Release.Name }}/a?b")
}

#[test]
fn hostile_names_come_out_of_templates_as_they_are() {
    let Some(lab) = Lab::start() else { return };
    let path = "{{.Release.Name}}/{{fail}}";
    for names in HOSTILE.chunks(2) {
        lab.render(&camunda("8.7", path, names[0], names[1]));
        let objects = lab.template("camunda-platform");
        let keycloak = &objects["Pod/keycloak"];
        assert_sidecar(keycloak, &lab.patched("keycloak"));
        assert_eq!(variable(keycloak, "USER"), names[0]);
        assert_eq!(
            variable(keycloak, "NAME"),
            "%7B%7B%20.Release.Name%20%7D%7D%2Fa%3Fb"
        );
        let modeler = &objects["Pod/web-modeler"];
        assert_sidecar(modeler, &lab.patched("web-modeler"));
        assert_eq!(variable(modeler, "USER"), names[1]);
        assert_eq!(
            variable(modeler, "URL"),
            "jdbc:postgresql://localhost:5432/keycloak"
        );
        let annotations = &objects["ServiceAccount/keycloak"]["metadata"]["annotations"];
        let role = format!("arn:aws:iam::111122223333:role/{path}/camunda-keycloak");
        assert_eq!(annotations, &json!({"eks.amazonaws.com/role-arn": role}));
    }
}

#[test]
fn keycloak_with_a_chart_of_its_own() {
    let Some(lab) = Lab::start() else { return };
    for (chart, version, name) in [
        ("bitnami", "24", "keycloak"),
        ("codecentric", "7", "keycloakx"),
    ] {
        let text = camunda("8.10", "{{fail}}", "kc", "modeler")
            .replace("{{ .Release.Name }}/a?b", "orders")
            .replace("camunda: {version: \"8.10\"}", &format!("camunda: {{version: \"8.10\"}}\nkeycloak: {{chart: {chart}, version: \"{version}\"}}"));
        lab.render(&text);
        let objects = lab.template(name);
        let pod = &objects["Pod/keycloak"];
        assert_sidecar(pod, &lab.patched("keycloak"));
        assert_eq!(
            (variable(pod, "NAME"), variable(pod, "USER")),
            ("orders", "kc")
        );
        let annotations = &objects["ServiceAccount/keycloak"]["metadata"]["annotations"];
        let role = "arn:aws:iam::111122223333:role/{{fail}}/camunda-keycloak";
        assert_eq!(annotations, &json!({"eks.amazonaws.com/role-arn": role}));
    }
}

/// Chart 8.3 sets OpenSearch by variables, and its values have other variables.
#[test]
fn variables_and_lists_of_the_user_follow_ours() {
    let Some(lab) = Lab::start() else { return };
    let workload = |name: &str| {
        format!(
            "  {name}:\n    component: {name}\n    service_account: camunda/{name}\n    opensearch: {{store: search, listen: 9201}}\n"
        )
    };
    let text = camunda("8.3", "a", "kc", "modeler");
    let (head, _) = text.split_once("postgres:\n").unwrap();
    lab.render(&format!(
        "{head}{OPENSEARCH}workloads:\n{}{}",
        workload("zeebe"),
        workload("operate")
    ));
    let own = "zeebe: {initContainers: [{name: mine, args: [\"{{ .Release.Name }}\"]}]}\n";
    fs::write(lab.path("own.yaml"), own).unwrap();
    let mut command = irsa(&[
        "render",
        "helm-values",
        "--out",
        ".",
        "--values",
        "own.yaml",
    ]);
    finish(command.current_dir(&lab.folder)).printed();
    let objects = lab.template("camunda-platform");
    let zeebe = &objects["Pod/zeebe"];
    assert_sidecar(zeebe, &lab.patched("zeebe"));
    assert_eq!(
        zeebe["spec"]["initContainers"][1],
        json!({"name": "mine", "args": ["release"]})
    );
    assert_eq!(variable(zeebe, "ZEEBE_BROKER_DATA_SNAPSHOTPERIOD"), "5m");
    assert_eq!(
        variable(zeebe, "ZEEBE_BROKER_EXPORTERS_OPENSEARCH_ARGS_URL"),
        "http://localhost:9201"
    );
    let operate = &objects["Pod/operate"];
    assert_eq!(
        variable(operate, "CAMUNDA_OPERATE_ELASTICSEARCH_URL"),
        "http://localhost:9201"
    );
}

#[test]
fn other_targets_take_no_values_and_unknown_charts_are_refused() {
    let folder = tempfile::tempdir().unwrap();
    fs::write(
        folder.path().join("irsa.yaml"),
        camunda("8.6", "a", "kc", "modeler"),
    )
    .unwrap();
    let run = |arguments: &[&str]| finish(irsa(arguments).current_dir(&folder));
    let ended = run(&["render", "sql", "--out", ".", "--values", "own.yaml"]);
    assert_eq!(ended.code, 2);
    assert!(
        ended
            .stderr
            .contains("--values is for `irsa render helm-values` only"),
        "{}",
        ended.stderr
    );
    let ended = run(&["render", "helm-values", "--out", "."]);
    assert_eq!(ended.code, 1);
    assert!(
        ended
            .stderr
            .contains("8.7 (camunda/camunda-platform 12.13.3)"),
        "{}",
        ended.stderr
    );
    let ended = run(&[
        "render",
        "helm-values",
        "--out",
        ".",
        "--values",
        "none.yaml",
    ]);
    assert_eq!(ended.code, 2);
    assert!(
        ended.stderr.contains("cannot read `none.yaml`"),
        "{}",
        ended.stderr
    );
}
