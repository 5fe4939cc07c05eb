//! The Jobs of `irsa render setup-job`: a real API server accepts them, and their command lines set up real data stores by
//! the token of their service account.

use std::fs;
use std::path::Path;

use irsa_testing::program::{Finished, finish, irsa};
use serde_json::{Value, json};

use crate::apply_sql::{self, without_users};
use crate::kubernetes::ApiServer;
use crate::pod::Pod;
use crate::set_up;

const NAMESPACE: &str = "irsa-setup";
const FILES: [&str; 4] = ["-f", "irsa.yaml", "-f", "overlay.yaml"];
/// The directory of the ConfigMap in the container.
const CONFIG: &str = "/etc/irsa";

/// Renders the Jobs of a specification, with outputs for both of its stores.
fn render(folder: &Path, more: &[&str]) {
    fs::write(
        folder.join("image.yaml"),
        "irsa: {image: \"registry.example.com/irsa:0.1.0\"}\n",
    )
    .unwrap();
    let mut command = irsa(&["render", "setup-job", "--out", "."]);
    command.args(FILES).args(["-f", "image.yaml"]).args(more);
    finish(command.current_dir(folder)).printed();
}

fn object(folder: &Path, name: &str) -> Value {
    let text = fs::read_to_string(folder.join("setup-job/camunda").join(name)).unwrap();
    serde_saphyr::from_str(&text).unwrap()
}

/// Runs the command of a Job in the pod of the setup: with the files of the ConfigMap, the variables of the container and
/// the token of the service account.
fn run(folder: &Path, kind: &str, pod: &Pod, more: &[&str]) -> Finished {
    let job = object(folder, &format!("apply-{kind}.yaml"));
    let spec = &job["spec"]["template"]["spec"];
    assert_eq!(job["metadata"]["namespace"], NAMESPACE);
    assert_eq!(spec["serviceAccountName"], "irsa-setup");
    let config = object(folder, "config-map.yaml");
    let mounted = folder.join("mounted");
    fs::create_dir_all(&mounted).unwrap();
    for (name, text) in config["data"].as_object().unwrap() {
        fs::write(mounted.join(name), text.as_str().unwrap()).unwrap();
    }
    let container = &spec["containers"][0];
    let arguments = container["args"].as_array().unwrap().iter();
    let mounted = mounted.display().to_string();
    let arguments = arguments.map(|one| one.as_str().unwrap().replace(CONFIG, &mounted));
    let arguments: Vec<_> = arguments.collect();
    let arguments: Vec<_> = arguments.iter().map(String::as_str).collect();
    let mut command = pod.command(&arguments);
    for variable in container["env"].as_array().unwrap() {
        let (name, value) = (variable["name"].as_str(), variable["value"].as_str());
        // The kubelet of the lab writes the token to a different path.
        if name != Some("AWS_WEB_IDENTITY_TOKEN_FILE") {
            command.env(name.unwrap(), value.unwrap());
        }
    }
    finish(command.args(more))
}

/// Adds the endpoint of a domain to the outputs.
fn add_domain(folder: &Path, endpoint: &str) {
    let path = folder.join("irsa.outputs.json");
    let mut outputs: Value = serde_json::from_str(&fs::read_to_string(&path).unwrap()).unwrap();
    outputs["opensearch"] = json!({"camunda": {"endpoint": endpoint}});
    fs::write(path, outputs.to_string()).unwrap();
}

#[test]
fn the_job_sets_up_the_databases_by_its_token() {
    let set_up = apply_sql::SetUp::with_world(without_users);
    set_up.create_legacy_application();
    let folder = set_up.folder.path();
    let endpoint = "search-camunda-abcdefghijklmnopqrstuvwxyz.eu-central-1.es.amazonaws.com";
    add_domain(folder, endpoint);
    render(folder, &[]);
    let ca_file = set_up.stage.lab().facts().ca_file.display().to_string();
    let dial = set_up.stage.cluster().dial.clone();
    let network = ["--dial", &dial, "--ca-file", &ca_file];
    let pod = Pod::for_workload(&set_up.stage, "setup");
    let first = run(folder, "sql", &pod, &network);
    let text = "aurora: changed  user `keycloak` logs in by IAM";
    assert!(first.printed().contains(text), "{}", first.stdout);
    let again = run(folder, "sql", &pod, &network);
    assert!(again.printed().ends_with(", 0 changed"), "{}", again.stdout);
    for output in [&first.stdout, &first.stderr] {
        assert!(!output.contains(apply_sql::PASSWORD), "{output}");
    }
    // Another service account is not the administrator, whatever the container says.
    let other = Pod::for_workload(&set_up.stage, "keycloak");
    let refused = run(folder, "sql", &other, &network);
    assert_eq!(refused.code, 1, "{}", refused.stdout);
    assert!(
        refused.stderr.contains("AccessDenied"),
        "{}",
        refused.stderr
    );
}

/// The setup's role is the master user of the domain.
pub(crate) fn roles_are_applied_by_the_job(set_up: &set_up::SetUp) {
    let folder = set_up.folder.path();
    let postgres = json!({"version": 1, "postgres": {"aurora": {
        "endpoint": "aurora.cluster-c9akciq32rgw.eu-central-1.rds.amazonaws.com",
        "resource_id": "cluster-2K7XQ4MZJ6T5W3YHCNBVRDAEFU",
    }}});
    fs::write(folder.join("irsa.outputs.json"), postgres.to_string()).unwrap();
    add_domain(folder, &set_up.domain().endpoint);
    render(folder, &[]);
    let path = "/_plugins/_security/api/rolesmapping/camunda-zeebe";
    let operator = set_up.search("operator");
    assert_eq!(operator.delete(path).status, 200);
    let pod = Pod::with_upstream(&set_up.stage, "setup", set_up.domain_upstream());
    let dial = set_up.domain().dial.clone();
    let applied = run(folder, "opensearch", &pod, &["--dial", &dial]);
    let text = "camunda: changed  role `camunda-zeebe` is mapped to ";
    assert!(applied.printed().contains(text), "{}", applied.stdout);
    assert_eq!(operator.get(path).status, 200);
    let again = run(folder, "opensearch", &pod, &["--dial", &dial]);
    assert!(again.printed().ends_with(", 0 changed"), "{}", again.stdout);
}

/// With the Pod Security level that the rendered namespace enforces.
#[test]
fn an_api_server_accepts_the_objects_and_the_pods_of_the_jobs() {
    let set_up = tempfile::tempdir().unwrap();
    let folder = set_up.path();
    finish(irsa(&["init", "--for", "camunda-8.3"]).current_dir(folder)).printed();
    fs::write(folder.join("overlay.yaml"), "version: 1\n").unwrap();
    fs::write(folder.join("irsa.outputs.json"), OUTPUTS).unwrap();
    let Some(server) = ApiServer::start(None) else {
        return;
    };
    render(folder, &[]);
    let rendered = folder.join("setup-job/camunda").display().to_string();
    let apply = ["apply", "--validate=strict", "-k", &rendered];
    server.kubectl(&apply, "");
    // Again, as after a change of the specification elsewhere.
    server.kubectl(&apply, "");
    let jobs = server.kubectl(&["-n", NAMESPACE, "get", "jobs", "-o", "json"], "");
    let jobs: Value = serde_json::from_str(&jobs).unwrap();
    let jobs = jobs["items"].as_array().unwrap();
    assert_eq!(jobs.len(), 2);
    for job in jobs {
        let mut spec = job["spec"]["template"]["spec"].clone();
        let create = |spec: &Value| {
            let pod = json!({"apiVersion": "v1", "kind": "Pod", "metadata": {"name": "job", "namespace": NAMESPACE},
                "spec": spec});
            let file = folder.join("pod.json");
            fs::write(&file, pod.to_string()).unwrap();
            let create = format!(
                "kubectl create --dry-run=server -f '{}' 2>&1 || true",
                file.display()
            );
            server.shell(&create)
        };
        let created = create(&spec);
        assert!(
            created.contains("pod/job created (server dry run)"),
            "{created}"
        );
        spec["containers"][0]["securityContext"]["runAsNonRoot"] = json!(false);
        let refused = create(&spec);
        assert!(refused.contains("violates PodSecurity"), "{refused}");
    }
    // The hooks replace those files. The namespace is Argo CD's.
    render(folder, &["--hook", "argo-cd"]);
    assert!(!folder.join("setup-job/camunda/namespace.yaml").exists());
    let apply = [
        "apply",
        "--validate=strict",
        "--dry-run=server",
        "-k",
        &rendered,
    ];
    server.kubectl(&apply, "");
    server.stop();
}

const OUTPUTS: &str = r#"{"version": 1,
  "postgres": {"aurora": {"endpoint": "aurora.cluster-c9akciq32rgw.eu-central-1.rds.amazonaws.com",
    "resource_id": "cluster-2K7XQ4MZJ6T5W3YHCNBVRDAEFU",
    "admin_secret": {"arn": "arn:aws:secretsmanager:eu-central-1:111122223333:secret:rds!cluster-1-AbCdEf"}}},
  "opensearch": {"camunda": {"endpoint": "search-camunda-abcdefghijklmnopqrstuvwxyz.eu-central-1.es.amazonaws.com"}}}"#;
