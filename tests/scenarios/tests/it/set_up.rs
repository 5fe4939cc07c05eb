//! The whole circle: from a specification to the lab, and there from a projected token to a row and a document.
//!
//! The programs write the files, the lab plays them, and every workload reaches what is its own and nothing else.

use std::fs;
use std::path::Path;
use std::process::Command;
use std::sync::Arc;

use irsa_components::opensearch::OpenSearchBinaries;
use irsa_lab::facts::DomainFacts;
use irsa_lab::{LabOptions, World};
use irsa_testing::program::{finish, irsa};
use irsa_testing::skip;
use serde_json::{Value, json};
use tempfile::TempDir;

use crate::apply_opensearch;
use crate::http::{Answer, call, call_json};
use crate::pod::Pod;
use crate::proxy::Proxy;
use crate::setup_job;
use crate::sql::refusal;
use crate::stage::Stage;

/// A setup in a folder, and a lab that plays it.
pub(crate) struct SetUp {
    pub(crate) folder: TempDir,
    pub(crate) stage: Arc<Stage>,
}

impl SetUp {
    /// Of a preset, with another file laid over it.
    pub(crate) fn new(preset: &str, overlay: &str, with_opensearch: bool) -> Option<Self> {
        let folder = tempfile::tempdir().unwrap();
        written(&["init", "--for", preset, "--out"], folder.path());
        fs::write(folder.path().join("overlay.yaml"), overlay).unwrap();
        let set_up = |arguments: &[&str]| {
            let mut command = irsa(arguments);
            command
                .current_dir(&folder)
                .args(["-f", "irsa.yaml", "-f", "overlay.yaml"]);
            finish(&mut command).printed().to_owned()
        };
        set_up(&["check"]);
        set_up(&["render", "lab", "--out", "."]);
        let world = fs::read_to_string(folder.path().join("lab/world.yaml")).unwrap();
        let mut options = LabOptions::new(World::from_yaml(&world).unwrap());
        (options.aurora, options.opensearch) = (!with_opensearch, with_opensearch);
        if with_opensearch && !has_opensearch(&options) {
            return None;
        }
        let stage = Arc::new(Stage::start(options));
        Some(Self { folder, stage })
    }

    pub(crate) fn pod(&self, workload: &str) -> Pod {
        Pod::for_workload(&self.stage, workload)
    }

    pub(crate) fn domain(&self) -> &DomainFacts {
        self.stage
            .lab()
            .facts()
            .domains
            .first()
            .expect("the world has a domain")
    }

    /// Writes the endpoints of the world's data stores as Terraform's output.
    pub(crate) fn write_outputs(&self) {
        let world = fs::read_to_string(self.folder.path().join("lab/world.yaml")).unwrap();
        let world = World::from_yaml(&world).unwrap();
        let mut outputs = json!({"version": 1});
        for cluster in world.clusters() {
            outputs["postgres"][&cluster.name] =
                json!({"endpoint": cluster.endpoint, "resource_id": cluster.resource_id});
        }
        for domain in world.domains() {
            outputs["opensearch"][&domain.name] = json!({"endpoint": domain.endpoint});
        }
        let file = self.folder.path().join("irsa.outputs.json");
        fs::write(file, outputs.to_string()).unwrap();
    }

    pub(crate) fn domain_upstream(&self) -> String {
        let DomainFacts { endpoint, dial, .. } = self.domain();
        format!("opensearch://{endpoint}?dial={dial}&listen=127.0.0.1:0")
    }

    /// A workload's proxy for the domain.
    pub(crate) fn search(&self, workload: &str) -> Search {
        let pod = Pod::with_upstream(&self.stage, workload, self.domain_upstream());
        Search(pod.proxy(&[]))
    }
}

/// A client of the domain by a workload's proxy.
pub(crate) struct Search(Proxy);

impl Search {
    pub(crate) fn put(&self, path: &str) -> Answer {
        call_json(
            &self.0.address("listening"),
            "PUT",
            path,
            r#"{"text": "a document"}"#,
        )
    }

    /// Sends a request to the API of the security plugin.
    pub(crate) fn ask(&self, method: &str, path: &str, body: &str) -> Answer {
        let path = format!("/_plugins/_security/api/{path}");
        call_json(&self.0.address("listening"), method, &path, body)
    }

    pub(crate) fn get(&self, path: &str) -> Answer {
        call(&self.0.address("listening"), "GET", path, &[])
    }

    pub(crate) fn delete(&self, path: &str) -> Answer {
        call(&self.0.address("listening"), "DELETE", path, &[])
    }
}

fn written(arguments: &[&str], folder: &Path) {
    finish(irsa(arguments).arg(folder)).printed();
}

/// OpenSearch needs Java. Without it, prints why the test is skipped.
fn has_opensearch(options: &LabOptions) -> bool {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .unwrap();
    let found = runtime.block_on(OpenSearchBinaries::locate(
        None,
        &options.cache_dir,
        &|_| {},
    ));
    let Err(error) = found else {
        return true;
    };
    skip(error);
    false
}

fn rows(set_up: &SetUp, workload: &str, user: &str, database: &str) {
    let proxy = set_up.pod(workload).proxy(&[]);
    let session = proxy.connect(user, database).unwrap();
    session
        .query("CREATE TABLE IF NOT EXISTS notes (text text)")
        .unwrap();
    session.query("INSERT INTO notes VALUES ('a row')").unwrap();
    assert_eq!(session.query("SELECT text FROM notes").unwrap(), "a row");
}

fn refused(set_up: &SetUp, workload: &str, user: &str, database: &str, code: &str) {
    let proxy = set_up.pod(workload).proxy(&[]);
    let Err(error) = proxy.connect(user, database) else {
        panic!("{workload} got in as {user}");
    };
    assert_eq!(refusal(&error).code().code(), code, "{error}");
}

#[test]
fn every_workload_reaches_its_rows_and_no_others() {
    let set_up = SetUp::new("camunda-8.3", NO_CHANGE, false).unwrap();
    rows(&set_up, "keycloak", "keycloak", "keycloak");
    rows(&set_up, "web-modeler", "webmodeler", "webmodeler");
    // The policy names one user, and the database lets that user in alone.
    refused(&set_up, "keycloak", "webmodeler", "webmodeler", "28000");
    refused(&set_up, "keycloak", "keycloak", "webmodeler", "42501");
    refused(&set_up, "web-modeler", "keycloak", "keycloak", "28000");
    refused(&set_up, "zeebe", "keycloak", "keycloak", "28000");
    // The trust policy names one service account.
    let role = "arn:aws:iam::111122223333:role/camunda-keycloak";
    let stolen = set_up.pod("web-modeler").with("AWS_ROLE_ARN", role);
    stolen.irsa(&["whoami"]).check_broken("trust-policy");
}

#[test]
fn the_reference_reaches_its_rows_by_one_role() {
    let set_up = SetUp::new("camunda-8.3-reference", NO_CHANGE, false).unwrap();
    rows(&set_up, "keycloak", "keycloak", "keycloak");
    rows(&set_up, "web-modeler", "webmodeler", "webmodeler");
    refused(&set_up, "zeebe", "keycloak", "keycloak", "28000");
    // `irsa check` says so: the role is shared.
    rows(&set_up, "keycloak", "webmodeler", "webmodeler");
}

/// An overlay that changes nothing.
const NO_CHANGE: &str = "version: 1\n";

/// A workload with `all_access`, which can run the rendered script, and one with a different built-in role. The path of all
/// roles means something to shells.
const OVERLAY: &str = "iam: {path: '/(id)|&<>#!{}[]~/'}
workloads:
  operator:
    service_account: irsa-setup/operator
    opensearch: {store: camunda, role: all_access}
  viewer:
    service_account: bi/viewer
    opensearch: {store: camunda, role: readall}
";

#[test]
fn every_workload_reaches_its_documents_and_no_others() {
    let Some(set_up) = SetUp::new("camunda-8.3", OVERLAY, true) else {
        return;
    };
    let (zeebe, operate) = (set_up.search("zeebe"), set_up.search("operate"));
    let (operator, viewer) = (set_up.search("operator"), set_up.search("viewer"));
    documents(&zeebe, &operate);
    // Whatever was undone by hand, the rendered script puts it back.
    let mapping = |role: &str| format!("/_plugins/_security/api/rolesmapping/{role}");
    for role in ["camunda-zeebe", "readall"] {
        assert_eq!(operator.delete(&mapping(role)).status, 200);
    }
    let record = "/zeebe-record_job/_doc/1";
    assert_eq!(zeebe.get(record).status, 403);
    assert_eq!(viewer.get(record).status, 403);
    let before = operator.get(&mapping("all_access")).body;
    for _ in 0..2 {
        run_script(&set_up);
        documents(&zeebe, &operate);
        assert_eq!(viewer.get(record).status, 200);
        assert_eq!(viewer.put(record).status, 403);
    }
    let after = operator.get(&mapping("all_access")).body;
    assert_eq!(before, after, "the other administrators stay");
    what_others_made_stays(&set_up, &operator);
    apply_opensearch::roles_are_applied(&set_up);
    setup_job::roles_are_applied_by_the_job(&set_up);
}

/// The script adds to mappings of others, and stops at a role of others before it changes anything.
fn what_others_made_stays(set_up: &SetUp, operator: &Search) {
    for role in ["camunda-zeebe", "readall"] {
        let mapping = r#"{"backend_roles": ["someone"], "users": ["root"], "description": "mine"}"#;
        let answer = operator.ask("PUT", &format!("rolesmapping/{role}"), mapping);
        assert_eq!(answer.status, 200, "{answer:?}");
    }
    for _ in 0..2 {
        run_script(set_up);
        for (role, own) in [("camunda-zeebe", "zeebe"), ("readall", "viewer")] {
            let found = operator.ask("GET", &format!("rolesmapping/{role}"), "");
            let found: Value = serde_json::from_str(&found.body).unwrap();
            let own = format!("arn:aws:iam::111122223333:role/(id)|&<>#!{{}}[]~/camunda-{own}");
            assert_eq!(found[role]["backend_roles"], json!(["someone", own]));
            assert_eq!(found[role]["users"], json!(["root"]));
            assert_eq!(found[role]["description"], "mine");
        }
    }
    let role = operator.ask("GET", "roles/camunda-operate", "").body;
    let foreign =
        r#"{"description": "irsa: camunda2 (111122223333)", "cluster_permissions": ["*"]}"#;
    let mine = operator.ask("PUT", "roles/camunda-operate", foreign);
    assert_eq!(mine.status, 200, "{mine:?}");
    let before = operator.ask("GET", "roles", "").body;
    let refused = finish(&mut script(set_up));
    assert_eq!(refused.code, 1, "{}", refused.stdout);
    let text = "role camunda-operate exists, and this setup did not create it";
    assert!(refused.stderr.contains(text), "{}", refused.stderr);
    assert_eq!(operator.ask("GET", "roles", "").body, before);
    let role: Value = serde_json::from_str(&role).unwrap();
    let mut role = role["camunda-operate"].clone();
    let fields = role.as_object_mut().unwrap();
    fields.retain(|name, _| !["reserved", "hidden", "static"].contains(&name.as_str()));
    let back = operator.ask("PUT", "roles/camunda-operate", &role.to_string());
    assert_eq!(back.status, 200, "{back:?}");
}

pub(crate) fn documents(zeebe: &Search, operate: &Search) {
    let record = "/zeebe-record_job/_doc/1";
    let refresh = format!("{record}?refresh=true");
    let put = zeebe.put(&refresh);
    assert!(matches!(put.status, 200 | 201), "{put:?}");
    let read = operate.get(record);
    assert!(read.body.contains("a document"), "{read:?}");
    assert_eq!(operate.put(record).status, 403);
    assert!(matches!(
        operate.put("/operate-list/_doc/1").status,
        200 | 201
    ));
    assert_eq!(zeebe.get("/operate-list/_doc/1").status, 403);
    assert_eq!(zeebe.put("/operate-list/_doc/1").status, 403);
    assert_eq!(zeebe.put("/elsewhere/_doc/1").status, 403);
}

/// Runs the rendered script as the domain's administrator.
fn run_script(set_up: &SetUp) {
    finish(&mut script(set_up)).printed();
}

fn script(set_up: &SetUp) -> Command {
    let folder = set_up.folder.path();
    set_up.write_outputs();
    let mut render = irsa(&[
        "render",
        "opensearch",
        "--out",
        ".",
        "-f",
        "irsa.yaml",
        "-f",
        "overlay.yaml",
    ]);
    finish(render.current_dir(folder)).printed();
    let pod = Pod::with_upstream(&set_up.stage, "operator", set_up.domain_upstream());
    let mut command = pod.command(&["exec", "--", "sh", "opensearch/camunda.sh"]);
    command.current_dir(folder);
    command
}
