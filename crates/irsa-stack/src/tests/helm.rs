//! Values for Helm charts: every file as it is, what a user's own values change, and what is refused.

mod overrides;
mod refused;
mod user_values;

use serde_json::{Value, json};

use super::renderable;
use crate::{File, Source, Target, UserValues, render_with};

/// Camunda with all components that use a data store, but those of the orchestration cluster.
const CAMUNDA: &str = r#"version: 1
name: camunda
aws: {account: "111122223333", region: eu-central-1}
iam: {path: /camunda/}
clusters:
  prod: {}
camunda: {version: "VERSION", namespace: camunda}
postgres:
  aurora:
    create: {engine_version: "15.10"}
    databases: {keycloak: {}, webmodeler: {}, identity: {}}
opensearch:
  search:
    create: {engine_version: OpenSearch_2.19, instance: r6g.large.search}
workloads:
  keycloak:
    component: keycloak
    service_account: camunda/keycloak
    postgres: {store: aurora, database: keycloak}
  web-modeler:
    component: web-modeler
    service_account: camunda/web-modeler
    postgres: {store: aurora, database: webmodeler, user: webmodeler}
  identity:
    component: identity
    service_account: camunda/identity
    postgres: {store: aurora, database: identity}
  optimize:
    component: optimize
    service_account: camunda/optimize
    application_identity: keep
    opensearch: {store: search}
"#;

/// Up to 8.7.
const THREE: &str = "  zeebe:
    component: zeebe
    service_account: camunda/zeebe
    opensearch: {store: search}
  operate:
    component: operate
    service_account: camunda/operate
    application_identity: keep
    opensearch: {store: search}
  tasklist:
    component: tasklist
    service_account: camunda/tasklist
    identity: pod-identity
    opensearch: {store: search}
";

/// From 8.8 on.
const ORCHESTRATION: &str = "  orchestration:
    component: orchestration
    service_account: camunda/orchestration
    opensearch: {store: search}
";

/// A chart's values with lists, as `helm show values` prints them.
const KEYCLOAK_8_3: &str = r#"identity:
  keycloak:
    initContainers:
      - {name: copy-theme, image: "{{ .Values.global.image }}"}
    extraVolumes:
      - {name: theme, emptyDir: {sizeLimit: 10Mi}}
"#;

/// A setup for a version of Camunda.
pub(super) fn camunda(version: &str) -> String {
    let text = CAMUNDA.replace("VERSION", version);
    match version {
        "8.3" => without(&(text + THREE), "optimize"),
        "8.7" => text + THREE,
        "8.10" => without(&text, "keycloak") + ORCHESTRATION,
        _ => text + ORCHESTRATION,
    }
    .replace(
        "keycloak: {}, ",
        if version == "8.10" {
            ""
        } else {
            "keycloak: {}, "
        },
    )
}

/// The setup without a workload.
fn without(text: &str, workload: &str) -> String {
    let (before, rest) = text.split_once(&format!("  {workload}:\n")).unwrap();
    let is_of_the_workload = |line: &&str| line.starts_with("    ");
    let after: String = rest
        .split_inclusive('\n')
        .skip_while(is_of_the_workload)
        .collect();
    format!("{before}{after}")
}

/// The workload's chart is Keycloak's own.
fn keycloak(chart: &str, version: &str) -> String {
    let text = format!("keycloak: {{chart: {chart}, version: \"{version}\"}}");
    let text = CAMUNDA.replace("camunda: {version: \"VERSION\", namespace: camunda}", &text);
    let text = ["web-modeler", "identity", "optimize"]
        .iter()
        .fold(text, |text, workload| without(&text, workload));
    let text = text.replace("keycloak: {}, webmodeler: {}, identity: {}", "keycloak: {}");
    let (before, rest) = text.split_once("opensearch:\n").unwrap();
    let (_, rest) = rest.split_once("workloads:\n").unwrap();
    format!("{before}workloads:\n{rest}")
}

fn values(texts: &[&str]) -> UserValues {
    let names = ["chart-values.yaml", "values.yaml"].iter();
    let sources = names.zip(texts).map(|(name, text)| Source {
        name: (*name).to_owned(),
        text: (*text).to_owned(),
    });
    UserValues::read(sources.collect()).unwrap()
}

fn rendered(text: &str, texts: &[&str]) -> Result<Vec<File>, String> {
    let mut stack = renderable(text);
    stack.digest = "DIGEST".to_owned();
    render_with(&stack, Target::HelmValues, &["irsa.yaml"], &values(texts))
}

/// The values of the only file.
fn only(text: &str, texts: &[&str]) -> Value {
    let files = rendered(text, texts).unwrap();
    assert_eq!(files.len(), 1);
    serde_saphyr::from_str(&files[0].text).unwrap()
}

fn problem(text: &str, texts: &[&str]) -> String {
    rendered(text, texts).unwrap_err()
}

#[test]
fn every_chart() {
    let mut all: Vec<_> = ["8.7", "8.8", "8.9", "8.10"]
        .iter()
        .map(|version| (format!("camunda-{version}"), camunda(version)))
        .collect();
    all.push(("bitnami".to_owned(), keycloak("bitnami", "24")));
    all.push(("codecentric".to_owned(), keycloak("codecentric", "7")));
    for (name, text) in all {
        let files = rendered(&text, &[]).unwrap_or_else(|problem| panic!("{name}: {problem}"));
        insta::assert_snapshot!(name, listed(&files));
    }
    let files = rendered(&camunda("8.3"), &[KEYCLOAK_8_3]).unwrap();
    insta::assert_snapshot!("camunda-8.3", listed(&files));
}

fn listed(files: &[File]) -> String {
    let files = files.iter();
    let files: Vec<_> = files
        .map(|file| format!("=== {}\n{}", file.path, file.text))
        .collect();
    files.concat()
}

#[test]
fn a_relational_database_can_be_the_secondary_storage() {
    let text = camunda("8.9")
        .replace("identity: {}}", "identity: {}, camunda: {}}")
        .replacen(
            "service_account: camunda/orchestration\n    opensearch: {store: search}",
            "service_account: camunda/orchestration\n    postgres: {store: aurora, database: camunda, user: camunda}",
            1,
        );
    let values = only(&text, &[]);
    let storage = json!({
        "type": "rdbms",
        "rdbms": {"aws": {"enabled": false}, "url": "jdbc:postgresql://localhost:5432/camunda", "username": "camunda"},
    });
    assert_eq!(values["orchestration"]["data"]["secondaryStorage"], storage);
    assert_eq!(
        values["orchestration"]["exporters"],
        json!({"rdbms": {"enabled": true}})
    );
}

/// Charts prefer the data stores that they install, and settings of all components.
#[test]
fn what_would_win_over_ours_is_switched_off() {
    let off = [
        ("8.3", "/postgresql/enabled"),
        ("8.3", "/identity/postgresql/enabled"),
        ("8.7", "/postgresql/enabled"),
        ("8.7", "/identityPostgresql/enabled"),
        ("8.8", "/webModelerPostgresql/enabled"),
        ("8.8", "/identityPostgresql/enabled"),
        ("8.9", "/webModelerPostgresql/enabled"),
        ("8.9", "/identityPostgresql/enabled"),
        ("8.9", "/elasticsearch/enabled"),
        ("8.9", "/global/elasticsearch/enabled"),
        ("8.9", "/global/opensearch/aws/enabled"),
        ("8.9", "/optimize/database/elasticsearch/enabled"),
        ("8.10", "/global/elasticsearch/enabled"),
        ("8.10", "/global/opensearch/aws/enabled"),
        ("8.10", "/optimize/database/elasticsearch/enabled"),
    ];
    for (version, path) in off {
        let own = [KEYCLOAK_8_3];
        let own = if version == "8.3" { &own[..] } else { &[] };
        let values = only(&camunda(version), own);
        assert_eq!(
            values.pointer(path),
            Some(&json!(false)),
            "{version} {path}"
        );
    }
    let values = only(&camunda("8.10"), &[]);
    for refused in [
        "elasticsearch",
        "identityPostgresql",
        "webModelerPostgresql",
    ] {
        assert_eq!(values.get(refused), None);
    }
}

/// Chart 8.3 enables Optimize by default.
#[test]
fn optimize_without_elasticsearch_is_said_once() {
    let files = rendered(&camunda("8.3"), &[KEYCLOAK_8_3]).unwrap();
    let remark = "set `optimize.enabled: false`";
    assert_eq!(files[0].text.matches(remark).count(), 1);
}

/// The guide for values that are written by hand has the settings of ours, apart from the sidecar itself, which has one
/// owner, and from components that the guide does not have.
#[test]
fn the_guide_has_the_same_settings() {
    let page = include_str!("../../../../docs/guides/helm.md");
    let blocks = page.split("```yaml\n").skip(1);
    let mut blocks = blocks.map(|block| block.split("```").next().unwrap());
    let anchors = blocks.next().unwrap();
    let mut first = Value::Null;
    for (version, block) in ["8.7", "8.8", "8.9"].iter().zip(blocks) {
        let mut by_hand: Value = serde_saphyr::from_str(&format!("{anchors}{block}")).unwrap();
        if first.is_null() {
            first = by_hand.clone();
        }
        // These are in the first block alone.
        for key in ["identityKeycloak", "webModeler"] {
            by_hand[key] = first[key].clone();
        }
        if *version == "8.9" {
            let database = &mut by_hand["webModeler"]["restapi"]["externalDatabase"];
            database["username"] = database["user"].take();
            database.as_object_mut().unwrap().remove("user");
        }
        let settings = |values: &Value| {
            let mut found = Vec::new();
            settings("", values, &mut found);
            found
        };
        let by_hand = settings(&by_hand);
        assert!(by_hand.len() >= 9, "{version}: {by_hand:?}");
        assert_eq!(
            by_hand,
            settings(&only(&camunda(version), &[])),
            "{version}"
        );
    }
}

/// Adds the settings below a key, sorted by path.
fn settings(path: &str, values: &Value, found: &mut Vec<(String, Value)>) {
    const NOT_COMPARED: [&str; 6] = [
        "x-irsa",
        "identity",
        "identityPostgresql",
        "annotations",
        "initContainers",
        "extraVolumes",
    ];
    let Some(entries) = values.as_object() else {
        found.push((path.to_owned(), values.clone()));
        return;
    };
    let mut keys: Vec<_> = entries.keys().collect();
    keys.sort();
    let is_account = path.ends_with(".serviceAccount");
    let creates_account = |key: &str| is_account && ["enabled", "create"].contains(&key);
    let is_compared = |key: &str| !NOT_COMPARED.contains(&key) && !creates_account(key);
    for key in keys.iter().filter(|key| is_compared(key)) {
        settings(&format!("{path}.{key}"), &entries[key.as_str()], found);
    }
}

/// One owner of the container: what Kustomize adds is what Helm gets.
#[test]
fn the_sidecar_is_that_of_the_manifests() {
    let text = camunda("8.9");
    let values = only(&text, &[]);
    for file in render_with(
        &renderable(&text),
        Target::Kubernetes,
        &["irsa.yaml"],
        &UserValues::default(),
    )
    .unwrap()
    {
        let Some(workload) = file.path.strip_suffix("-sidecar.yaml") else {
            continue;
        };
        let patch: Value = serde_saphyr::from_str(&file.text).unwrap();
        let pod = &patch["spec"]["template"]["spec"];
        let key = match workload.rsplit('/').next().unwrap() {
            "keycloak" => &values["identityKeycloak"],
            "web-modeler" => &values["webModeler"]["restapi"],
            key => &values[key],
        };
        assert_eq!(key["initContainers"], pod["initContainers"], "{workload}");
        let volumes = pod["volumes"].as_array().unwrap();
        assert!(!volumes.is_empty());
        assert_eq!(
            key["extraVolumes"].as_array().unwrap()[..volumes.len()],
            volumes[..]
        );
    }
}

#[test]
fn one_file_for_each_cluster_and_chart() {
    let text = camunda("8.7")
        .replace("  prod: {}", "  prod: {}\n  test: {}")
        .replace(
            "postgres:\n  aurora",
            "keycloak: {chart: codecentric, version: \"7.1.0\"}\npostgres:\n  aurora",
        );
    let files = rendered(&text, &[]).unwrap();
    let paths: Vec<_> = files.iter().map(|file| file.path.as_str()).collect();
    let expected = [
        "helm-values/prod/camunda-platform.yaml",
        "helm-values/prod/keycloakx.yaml",
        "helm-values/test/camunda-platform.yaml",
        "helm-values/test/keycloakx.yaml",
    ];
    assert_eq!(paths, expected);
}

#[test]
fn a_shared_service_account_is_created_once() {
    let text = camunda("8.7").replacen("camunda/operate", "camunda/zeebe", 1).replacen(
        "service_account: camunda/zeebe\n    opensearch",
        "service_account: camunda/zeebe\n    application_identity: keep\n    role: {name: search}\n    opensearch",
        1,
    );
    let text = text.replacen(
        "application_identity: keep\n    opensearch: {store: search}\n  tasklist",
        "application_identity: keep\n    role: {name: search}\n    opensearch: {store: search}\n  tasklist",
        1,
    );
    let values = only(&text, &[]);
    let role = "arn:aws:iam::111122223333:role/camunda/search";
    let creates = json!({"enabled": true, "name": "zeebe", "annotations": {"eks.amazonaws.com/role-arn": role}});
    assert_eq!(values["zeebe"]["serviceAccount"], creates);
    assert_eq!(
        values["operate"]["serviceAccount"],
        json!({"enabled": false, "name": "zeebe"})
    );
}
