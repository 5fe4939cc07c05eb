//! `--exec`: the pod's part. An API server without kubelets cannot run commands, so a stand-in for kubectl runs them in the
//! environment of a pod of the lab.

use std::fs;
use std::os::unix::fs::{PermissionsExt as _, symlink};
use std::path::Path;

use irsa_testing::program::{Finished, finish, irsa, path};
use serde_json::{Value, json};
use tempfile::TempDir;

use super::cluster::Cluster;
use super::{broken, problems, report};
use crate::pod::Pod;
use crate::set_up::SetUp;

/// Records its arguments. Runs the command after `--` if the pod is Keycloak's, and fails otherwise.
const KUBECTL: &str = r#"#!/bin/sh
printf '%s\n' "$@" > "$STAGE/$4"
if [ "$4" != keycloak-0 ]; then
  printf 'error: unable to upgrade connection: \033[31mcontainer not found\n' >&2
  exit 1
fi
while [ "$1" != -- ]; do shift; done
shift
. "$STAGE/environment"
exec "$@"
"#;

/// A setup that the lab plays, and programs in PATH.
struct Stage {
    setup: SetUp,
    folder: TempDir,
}

impl Stage {
    fn new() -> Self {
        let setup = SetUp::new("camunda-8.3", "# as it is\n", false).unwrap();
        write_outputs(setup.folder.path());
        let folder = tempfile::tempdir().unwrap();
        let bin = folder.path().join("bin");
        fs::create_dir(&bin).unwrap();
        symlink(path("irsa"), bin.join("irsa")).unwrap();
        fs::write(bin.join("kubectl"), KUBECTL).unwrap();
        fs::set_permissions(bin.join("kubectl"), fs::Permissions::from_mode(0o755)).unwrap();
        let stage = Self { setup, folder };
        stage.enter(&stage.setup.pod("keycloak"));
        stage
    }

    /// The environment in which the stand-in runs commands.
    fn enter(&self, pod: &Pod) {
        // The node's metadata are out of reach, as recommended.
        let pod = pod
            .clone()
            .with("AWS_EC2_METADATA_SERVICE_ENDPOINT", "http://127.0.0.1:1");
        let command = pod.command(&[]);
        let variables = command
            .get_envs()
            .filter_map(|(name, value)| Some((name.to_str()?, value?)));
        let export = |(name, value): (&str, &std::ffi::OsStr)| match name {
            "PATH" => String::new(),
            name => format!("export {name}='{}'\n", value.to_str().unwrap()),
        };
        let exports: String = variables.map(export).collect();
        fs::write(self.folder.path().join("environment"), exports).unwrap();
    }

    fn doctor(&self, cluster: &Cluster, path: &str, arguments: &[&str]) -> Finished {
        let path = path.replace("BIN", self.folder.path().join("bin").to_str().unwrap());
        let mut command = irsa(&["doctor", "-f", "irsa.yaml", "--from", "pod", "--exec"]);
        command
            .args(arguments)
            .env("PATH", path)
            .env("STAGE", self.folder.path())
            .env("KUBECONFIG", cluster.kubeconfig())
            .current_dir(&self.setup.folder);
        finish(&mut command)
    }

    fn recorded(&self, pod: &str) -> Vec<String> {
        let text = fs::read_to_string(self.folder.path().join(pod)).unwrap();
        text.lines().map(str::to_owned).collect()
    }
}

/// The names in the lab's world, as Terraform's output.
fn write_outputs(folder: &Path) {
    let world = fs::read_to_string(folder.join("lab/world.yaml")).unwrap();
    let world: Value = serde_saphyr::from_str(&world).unwrap();
    let cluster = &world["clusters"][0];
    let name = |value: &Value| value.as_str().unwrap().to_owned();
    let (dns, region) = (name(&cluster["dns_id"]), name(&world["region"]));
    let outputs = json!({
        "version": 1,
        "clusters": {"camunda": {"issuer": world["kubernetes"]["issuer"]}},
        "postgres": {"aurora": {"endpoint": format!("aurora.cluster-{dns}.{region}.rds.amazonaws.com"),
                                "resource_id": cluster["resource_id"]}},
        "opensearch": {"camunda": {"endpoint": world["domains"][0]["endpoint"]}},
    });
    fs::write(folder.join("irsa.outputs.json"), outputs.to_string()).unwrap();
}

fn create_pods(cluster: &Cluster) {
    for (name, container) in [
        ("keycloak", "registry.example.com/irsa:1"),
        ("web-modeler", "registry.example.com/web-modeler:1"),
        ("operate", "registry.example.com/irsa:1"),
    ] {
        let container = json!({"name": "irsa", "image": container});
        cluster.create_running(
            &json!({"apiVersion": "v1", "kind": "ServiceAccount",
                    "metadata": {"name": name, "namespace": "camunda"}}),
            &json!({"apiVersion": "v1", "kind": "Pod",
                    "metadata": {"name": format!("{name}-0"), "namespace": "camunda"},
                    "spec": {"serviceAccountName": name, "containers": [container]}}),
        );
    }
}

/// The reason why the pod of a workload was not checked.
fn why<'r>(report: &'r Value, workload: &str) -> &'r str {
    let mut workloads = report["workloads"].as_array().unwrap().iter();
    let one = workloads.find(|one| one["workload"] == workload).unwrap();
    one["not_checked"][0]["why"].as_str().unwrap_or_default()
}

#[test]
fn the_pods_part_runs_in_the_sidecars() {
    let Some(cluster) = Cluster::start() else {
        return;
    };
    create_pods(&cluster);
    let stage = Stage::new();
    the_doctor_runs_in_a_sidecar(&stage, &cluster);
    what_is_missing_is_reported(&stage, &cluster);
    a_break_that_only_the_pod_sees_is_found(&stage, &cluster);
}

const PATH: &str = "BIN:/usr/bin:/bin";
const KEYCLOAK: [&str; 4] = ["--workload", "keycloak", "--output", "json"];

fn the_doctor_runs_in_a_sidecar(stage: &Stage, cluster: &Cluster) {
    let finished = stage.doctor(cluster, PATH, &KEYCLOAK);
    let holds = report(&finished);
    let problems = problems(&holds["workloads"][0]["report"]);
    assert_eq!(finished.code, 0, "{problems:#?}");
    let arguments = stage.recorded("keycloak-0");
    let (timeout, others): (Vec<_>, Vec<_>) = arguments
        .iter()
        .partition(|one| one.starts_with("--timeout="));
    assert_eq!(timeout.len(), 1, "{arguments:?}");
    let expected = [
        "exec",
        "--namespace=camunda",
        "--container=irsa",
        "keycloak-0",
        "--",
        "irsa",
        "doctor",
        "--from=pod",
        "--output=json",
        "--user=keycloak",
        "--database=keycloak",
    ];
    assert_eq!(others, expected);
}

fn what_is_missing_is_reported(stage: &Stage, cluster: &Cluster) {
    let finished = stage.doctor(cluster, PATH, &["--output", "json"]);
    let all = report(&finished);
    assert_eq!((finished.code, &all["overall"]), (4, &json!("unsure")));
    for (workload, reason) in [
        (
            "web-modeler",
            "pod web-modeler-0 has no container that runs irsa",
        ),
        ("zeebe", "no pod runs as camunda/zeebe"),
        (
            "operate",
            "error: unable to upgrade connection:  [31mcontainer not found",
        ),
    ] {
        let why = why(&all, workload);
        assert!(why.contains(reason), "{workload}: {why}");
    }
    let finished = stage.doctor(cluster, "/nowhere", &["--workload", "keycloak"]);
    assert_eq!(finished.code, 4, "{}", finished.stdout);
    for words in [
        "pod keycloak-0: `kubectl` is not in PATH",
        "install kubectl",
    ] {
        assert!(
            finished.stdout.contains(words),
            "{words}: {}",
            finished.stdout
        );
    }
}

/// STS does not tell the pod why it refuses the token.
fn a_break_that_only_the_pod_sees_is_found(stage: &Stage, cluster: &Cluster) {
    let role = "arn:aws:iam::111122223333:role/camunda-web-modeler";
    stage.enter(&stage.setup.pod("keycloak").with("AWS_ROLE_ARN", role));
    let finished = stage.doctor(cluster, PATH, &KEYCLOAK);
    assert_eq!(finished.code, 3);
    let expected = [("keycloak".to_owned(), "sts-trust".to_owned())].into();
    assert_eq!(broken(&report(&finished)), expected);
}
