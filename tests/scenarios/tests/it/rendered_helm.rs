//! What `irsa render helm-values` writes, rendered by a real Helm with a chart that hands values to pods as the charts
//! of Camunda and Keycloak do: with `tpl`, without it, and as texts.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use irsa_testing::program::{finish, irsa};
use serde_json::{Value, json};
use tempfile::TempDir;

use crate::helm;

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
        let helm = helm::program()?;
        let folder = tempfile::tempdir().unwrap();
        Some(Self { helm, folder })
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
        self.template_with(chart, &[])
    }

    /// The objects that Helm makes of the user's values and those of a chart.
    fn template_with(&self, chart: &str, own: &[&str]) -> BTreeMap<String, Value> {
        let pods = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/it/rendered_helm/chart");
        let mut command = Command::new(&self.helm);
        command
            .args(["template", "release"])
            .arg(pods)
            .args(own.iter().flat_map(|name| ["--values", name]))
            .current_dir(&self.folder)
            .arg("--values")
            .arg(self.path(&format!("helm-values/prod/{chart}.yaml")))
            .env_clear()
            .env("HOME", self.folder.path());
        let output = command.output().unwrap();
        let problem = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success(), "{problem}");
        let text = String::from_utf8(output.stdout).unwrap();
        let objects: Vec<Value> = serde_saphyr::from_multiple(&text).unwrap();
        objects.into_iter().map(named).collect()
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

/// An object with its kind and name. Of those that make pods, it is the pod, with a name without the release's.
fn named(object: Value) -> (String, Value) {
    let name = text_of(&object["metadata"]["name"]);
    let pod = &object["spec"]["template"];
    if pod.is_object() {
        let name = name.strip_prefix("release-").unwrap_or(name);
        return (format!("Pod/{name}"), pod.clone());
    }
    (format!("{}/{name}", text_of(&object["kind"])), object)
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

/// The value that a container gets: Kubernetes takes the last variable of a name, and `env` before `envFrom`.
fn variable<'v>(objects: &'v BTreeMap<String, Value>, pod: &str, name: &str) -> &'v str {
    let container = &objects[pod]["spec"]["containers"][0];
    let items = |key: &str| container[key].as_array().into_iter().flatten();
    let mut own = items("env").filter(|variable| variable["name"] == name);
    if let Some(variable) = own.next_back() {
        return text_of(&variable["value"]);
    }
    let maps = items("envFrom").map(|from| text_of(&from["configMapRef"]["name"]));
    let mut values = maps.map(|map| &objects[&format!("ConfigMap/{map}")]["data"][name]);
    let value = values.rfind(|value| value.is_string());
    text_of(value.unwrap_or_else(|| panic!("{name}: {container}")))
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
        let of_keycloak = |name: &str| variable(&objects, "Pod/keycloak", name);
        assert_eq!(of_keycloak("KEYCLOAK_DATABASE_USER"), names[0]);
        assert_eq!(
            of_keycloak("KEYCLOAK_DATABASE_NAME"),
            "%7B%7B%20.Release.Name%20%7D%7D%2Fa%3Fb"
        );
        let modeler = &objects["Pod/web-modeler-restapi"];
        assert_sidecar(modeler, &lab.patched("web-modeler"));
        let of_modeler = |name: &str| variable(&objects, "Pod/web-modeler-restapi", name);
        assert_eq!(of_modeler("SPRING_DATASOURCE_USERNAME"), names[1]);
        assert_eq!(
            of_modeler("SPRING_DATASOURCE_URL"),
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
    for (chart, version, name, variables) in [
        (
            "bitnami",
            "24",
            "keycloak",
            ["KEYCLOAK_DATABASE_NAME", "KEYCLOAK_DATABASE_USER"],
        ),
        (
            "codecentric",
            "7",
            "keycloakx",
            ["KC_DB_URL_DATABASE", "KC_DB_USERNAME"],
        ),
    ] {
        let text = camunda("8.10", "{{fail}}", "kc", "modeler")
            .replace("{{ .Release.Name }}/a?b", "orders")
            .replace("camunda: {version: \"8.10\"}", &format!("camunda: {{version: \"8.10\"}}\nkeycloak: {{chart: {chart}, version: \"{version}\"}}"));
        lab.render(&text);
        let objects = lab.template(name);
        let pod = &objects["Pod/keycloak"];
        assert_sidecar(pod, &lab.patched("keycloak"));
        let values = variables.map(|name| variable(&objects, "Pod/keycloak", name));
        assert_eq!(values, ["orders", "kc"]);
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
    let of_zeebe = |name: &str| variable(&objects, "Pod/zeebe", name);
    assert_eq!(of_zeebe("ZEEBE_BROKER_DATA_SNAPSHOTPERIOD"), "5m");
    assert_eq!(
        of_zeebe("ZEEBE_BROKER_EXPORTERS_OPENSEARCH_ARGS_URL"),
        "http://localhost:9201"
    );
    assert_eq!(
        variable(&objects, "Pod/operate", "CAMUNDA_OPERATE_ELASTICSEARCH_URL"),
        "http://localhost:9201"
    );
}

/// What an application with its own signing has in its values.
const SIGNING: &str = r#"identityKeycloak:
  extraEnvVars:
    - {name: KEYCLOAK_DATABASE_USER, value: signing}
webModeler:
  restapi:
    env:
      - {name: SPRING_DATASOURCE_URL, value: "jdbc:aws-wrapper:postgresql://aurora:5432/m?wrapperPlugins=iam"}
"#;

#[test]
fn variables_of_the_user_that_win_over_ours_are_refused() {
    let Some(lab) = Lab::start() else { return };
    lab.render(&camunda("8.7", "a", "kc", "modeler"));
    fs::write(lab.path("own.yaml"), SIGNING).unwrap();
    // Helm and Kubernetes take the user's, although irsa's file comes last.
    let objects = lab.template_with("camunda-platform", &["own.yaml"]);
    let user = variable(&objects, "Pod/keycloak", "KEYCLOAK_DATABASE_USER");
    assert_eq!(user, "signing");
    let url = variable(&objects, "Pod/web-modeler-restapi", "SPRING_DATASOURCE_URL");
    assert!(url.starts_with("jdbc:aws-wrapper:"), "{url}");

    let render = |values: &str| {
        let mut command = irsa(&["render", "helm-values", "--out", "."]);
        finish(command.args(["--values", values]).current_dir(&lab.folder))
    };
    let refused = render("own.yaml");
    assert_eq!(refused.code, 1, "{}", refused.stderr);
    for (line, name) in [(3, "KEYCLOAK_DATABASE_USER"), (7, "SPRING_DATASOURCE_URL")] {
        let start = format!("own.yaml:{line}:");
        let mut lines = refused.stderr.lines();
        let found = lines.any(|one| one.contains(&start) && one.contains(name));
        assert!(found, "{start} {name}: {}", refused.stderr);
    }
    assert!(!refused.stderr.contains("jdbc:"), "{}", refused.stderr);

    let without: String = SIGNING
        .split_inclusive('\n')
        .filter(|line| !line.contains("name:"))
        .collect();
    fs::write(lab.path("own.yaml"), without).unwrap();
    render("own.yaml").printed();
    let objects = lab.template_with("camunda-platform", &["own.yaml"]);
    let url = variable(&objects, "Pod/web-modeler-restapi", "SPRING_DATASOURCE_URL");
    assert_eq!(url, "jdbc:postgresql://localhost:5432/keycloak");
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
