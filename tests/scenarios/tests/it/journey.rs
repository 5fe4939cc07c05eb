//! The whole way of a pod: the chart is installed, the webhook injects the sidecar, and the injected container, run from
//! the image as a kubelet runs it, reaches the data stores with a token of the API server.
//!
//! Real are Helm, the API server with its admission chain, the webhook with the arguments and permissions of the chart,
//! the token, the image, PostgreSQL and OpenSearch. STS, Aurora's and the domain's fronts are the lab's.

mod cluster;
mod container;

use irsa_lab::facts::WorkloadFacts;
use serde_json::{Value, json};

use self::cluster::Cluster;
use self::container::Container;
use crate::http::{call, call_json};
use crate::set_up::SetUp;
use crate::sql::Session;

/// An overlay with an image, which `irsa render kubernetes` needs for its sidecar.
const OVERLAY: &str = r#"irsa: {image: "IMAGE"}
"#;

/// A setup and a cluster with the webhook. If a program is missing, prints why the test is skipped.
fn start(with_opensearch: bool) -> Option<(SetUp, Cluster)> {
    let overlay = OVERLAY.replace("IMAGE", cluster::IMAGE);
    let set_up = SetUp::new("camunda-8.3", &overlay, with_opensearch)?;
    let cluster = Cluster::start(&set_up)?;
    Some((set_up, cluster))
}

fn workload<'s>(set_up: &'s SetUp, name: &str) -> &'s WorkloadFacts {
    set_up.stage.workload(name)
}

#[test]
fn an_annotated_service_account_leads_to_a_row_in_postgresql() {
    let Some((set_up, cluster)) = start(false) else {
        return;
    };
    let port = container::free_port();
    let account = cluster.annotate(&set_up, "keycloak", port);
    let pod = cluster.create_pod(workload(&set_up, "keycloak"));
    assert_is_the_rendered_sidecar(&set_up, "keycloak", &pod);
    let container = Container::run(&set_up, &cluster, &pod);
    let session = Session::open(
        &set_up.stage,
        &format!("127.0.0.1:{port}"),
        "keycloak",
        "keycloak",
    )
    .unwrap_or_else(|error| panic!("{error}: {account}"));
    session.query("CREATE TABLE notes (text text)").unwrap();
    session.query("INSERT INTO notes VALUES ('a row')").unwrap();
    assert_eq!(session.query("SELECT text FROM notes").unwrap(), "a row");
    drop(session);
    container.stop();
    cluster.stop();
}

#[test]
fn an_annotated_service_account_leads_to_a_document_in_opensearch() {
    let Some((set_up, cluster)) = start(true) else {
        return;
    };
    let port = container::free_port();
    cluster.annotate(&set_up, "zeebe", port);
    let pod = cluster.create_pod(workload(&set_up, "zeebe"));
    assert_is_the_rendered_sidecar(&set_up, "zeebe", &pod);
    let container = Container::run(&set_up, &cluster, &pod);
    let address = format!("127.0.0.1:{port}");
    let record = "/zeebe-record_job/_doc/1";
    let put = call_json(&address, "PUT", record, r#"{"text": "a document"}"#);
    assert_eq!(put.status, 201, "{put:?}");
    let read = call(&address, "GET", record, &[]);
    assert!(read.body.contains("a document"), "{read:?}");
    container.stop();
    cluster.stop();
}

/// The webhook injects what `irsa render kubernetes` writes into manifests. The API server adds defaults, and the test
/// the lab's addresses.
fn assert_is_the_rendered_sidecar(set_up: &SetUp, workload: &str, pod: &Value) {
    let rendered = cluster::rendered(set_up, "sidecar", &format!("{workload}-sidecar.yaml"));
    let patch: Value = serde_saphyr::from_str(&rendered).unwrap();
    let mut expected = patch["spec"]["template"]["spec"].clone();
    let env = expected["initContainers"][0]["env"].as_array_mut().unwrap();
    env.retain(|variable| variable["name"] != "IRSA_UPSTREAMS");
    let found = json!({
        "serviceAccountName": pod["spec"]["serviceAccountName"],
        "initContainers": [container::injected(pod)],
        "volumes": pod["spec"]["volumes"],
    });
    let missing = missing(&expected, &found, "");
    assert!(missing.is_empty(), "{missing:#?}\n{found:#}");
}

/// The paths of values that `found` does not have. Lists must contain the items, in any place.
fn missing(expected: &Value, found: &Value, path: &str) -> Vec<String> {
    match expected {
        Value::Object(fields) => fields
            .iter()
            .flat_map(|(key, value)| missing(value, &found[key], &format!("{path}.{key}")))
            .collect(),
        Value::Array(items) => {
            let others = found.as_array().cloned().unwrap_or_default();
            let is_missing =
                |item: &&Value| !others.iter().any(|one| missing(item, one, "").is_empty());
            let missing = items.iter().filter(is_missing);
            missing.map(|item| format!("{path}: {item}")).collect()
        }
        _ if expected == found => Vec::new(),
        _ => vec![format!("{path}: {expected}, not {found}")],
    }
}
