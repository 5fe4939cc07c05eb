//! `irsa init --from` reads a real API server, and a simulation of AWS.

mod account;
mod cluster;

use std::fs;
use std::path::Path;
use std::process::Command;

use irsa_testing::program::{Finished, finish, irsa};
use serde_json::{Value, json};

use self::account::{Account, KEYCLOAK_ROLE};
use self::cluster::Cluster;

const DATABASE: &str = "aurora.cluster-c9akciq32rgw.eu-central-1.rds.amazonaws.com";
const DOMAIN: &str = "vpc-camunda-abcdefghijklmnopqrstuvwxyz.eu-central-1.es.amazonaws.com";
const OUTPUTS: &str = r#"{"version": 1,
  "clusters": {"camunda": {"issuer": "https://oidc.eks.eu-central-1.amazonaws.com/id/ABC"}},
  "postgres": {"aurora": {"endpoint": "aurora.cluster-c9akciq32rgw.eu-central-1.rds.amazonaws.com", "resource_id": "cluster-ABC"}},
  "opensearch": {"camunda": {"endpoint": "vpc-camunda-abcdefghijklmnopqrstuvwxyz.eu-central-1.es.amazonaws.com"}}}"#;

/// Runs `irsa init --from NAMESPACE` without AWS.
fn init(cluster: &Cluster, namespace: &str, out: &Path) -> Finished {
    finish(&mut command(
        &cluster.kubeconfig(),
        namespace,
        out,
        &["--no-aws"],
    ))
}

fn command(kubeconfig: &Path, namespace: &str, out: &Path, more: &[&str]) -> Command {
    let mut command = irsa(&["init", "--from", namespace, "--output", "json"]);
    command.args(more).arg("--out").arg(out);
    command.arg("--kubeconfig").arg(kubeconfig);
    command
}

/// The values in the specification, without their places.
fn shown(folder: &Path) -> Value {
    fn values(node: &Value) -> Value {
        match node.get("value") {
            Some(value) if node.get("line").is_some() => value.clone(),
            _ => {
                let entries = node.as_object().unwrap().iter();
                entries
                    .map(|(key, node)| (key.clone(), values(node)))
                    .collect()
            }
        }
    }
    let shown = finish(irsa(&["show", "--output", "json"]).current_dir(folder));
    values(&shown.json())
}

fn fixture(name: &str, database: &str, domain: &str) -> String {
    let path = Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("tests/it/init_from")
        .join(name);
    let text = fs::read_to_string(path).unwrap();
    text.replace("$DATABASE", database)
        .replace("$DOMAIN", domain)
}

#[test]
fn camunda_is_found_in_the_forms_of_its_charts() {
    let Some(cluster) = Cluster::start() else {
        return;
    };
    cluster.apply("old", &fixture("camunda-8.3.yaml", DATABASE, DOMAIN));
    cluster.apply("new", &fixture("camunda-8.8.yaml", DATABASE, DOMAIN));
    let folder = tempfile::tempdir().unwrap();
    let old = folder.path().join("old");
    let report = init(&cluster, "old", &old).json();
    assert_eq!(report["left_out"].as_array().unwrap().len(), 1, "{report}");
    assert_eq!(report["check"]["right"], true, "{report}");
    let file = shown(&old);
    assert_eq!(file["camunda"]["version"], "8.3");
    assert_eq!(
        file["aws"],
        json!({"account": "123456789012", "region": "eu-central-1"})
    );
    let expected = json!({
        "keycloak": {
            "component": "keycloak",
            "service_account": "old/keycloak",
            "postgres": {"store": "aurora", "database": "keycloak", "user": "keycloak_iam", "acts_as": "keycloak"},
        },
        "web-modeler": {
            "component": "web-modeler",
            "service_account": "old/web-modeler",
            "postgres": {"store": "aurora", "database": "webmodeler", "user": "webmodeler"},
        },
        "zeebe": {
            "component": "zeebe",
            "service_account": "old/zeebe",
            "application_identity": "keep",
            "role": {"arn": "arn:aws:iam::123456789012:role/team/app"},
            "opensearch": {"store": "camunda"},
        },
    });
    assert_eq!(file["workloads"], expected);
    let text = fs::read_to_string(old.join("irsa.yaml")).unwrap();
    assert!(!text.contains("not-to-be-printed"), "{text}");
    let new = folder.path().join("new");
    init(&cluster, "new", &new).printed();
    let file = shown(&new);
    assert_eq!(file["camunda"]["version"], "8.8");
    let workloads = &file["workloads"];
    assert_eq!(workloads["orchestration"]["component"], "orchestration");
    assert_eq!(workloads["identity"]["postgres"]["acts_as"], "identity");
    assert_eq!(workloads["reports"]["identity"], "pod-identity");
    // An existing file is kept, and the same namespace gives the same text.
    let again = init(&cluster, "old", &old);
    assert_eq!(again.code, 1, "{}", again.stderr);
    assert!(again.stderr.contains("exists already"), "{}", again.stderr);
    init(&cluster, "old", &folder.path().join("again")).printed();
    assert_eq!(
        fs::read_to_string(folder.path().join("again/irsa.yaml")).unwrap(),
        text
    );
    cluster.stop();
}

#[test]
fn a_namespace_behind_irsa_gives_the_same_setup() {
    let Some(cluster) = Cluster::start() else {
        return;
    };
    let folder = tempfile::tempdir().unwrap();
    let run = |arguments: &[&str]| finish(irsa(arguments).current_dir(&folder));
    run(&["init", "--for", "camunda-8.3"]).printed();
    let file = folder.path().join("irsa.yaml");
    let text = fs::read_to_string(&file)
        .unwrap()
        .replace("  # image: ", "  image: ");
    fs::write(&file, text).unwrap();
    fs::write(folder.path().join("irsa.outputs.json"), OUTPUTS).unwrap();
    run(&["render", "kubernetes", "--out", "."]).printed();
    fs::write(
        folder.path().join("apps.yaml"),
        fixture("apps.yaml", "", ""),
    )
    .unwrap();
    fs::write(
        folder.path().join("kustomization.yaml"),
        "resources: [apps.yaml]\ncomponents: [kubernetes/camunda]\n",
    )
    .unwrap();
    cluster.apply("camunda", &cluster.kustomize(folder.path()));
    let out = folder.path().join("found");
    let report = init(&cluster, "camunda", &out).json();
    assert_eq!(report["check"]["right"], true, "{report}");
    let (before, after) = (shown(folder.path()), shown(&out));
    let names = |file: &Value| {
        file["workloads"]
            .as_object()
            .unwrap()
            .keys()
            .cloned()
            .collect::<Vec<_>>()
    };
    assert_eq!(names(&before), names(&after));
    for name in names(&before) {
        let (before, mut after) = (
            &before["workloads"][&name],
            after["workloads"][&name].clone(),
        );
        let role = format!("arn:aws:iam::111122223333:role/camunda-{name}");
        assert_eq!(after["role"], json!({"arn": role}), "{name}");
        // The user is the default in the original.
        if let Some(used) = after.get_mut("postgres") {
            let user = used.as_object_mut().unwrap().remove("user");
            assert_eq!(user, Some(before["postgres"]["database"].clone()), "{name}");
        }
        after.as_object_mut().unwrap().remove("role");
        assert_eq!(after, *before, "{name}");
    }
    assert_eq!(after["irsa"], before["irsa"]);
    let outputs: Value =
        serde_json::from_str(&fs::read_to_string(out.join("irsa.outputs.json")).unwrap()).unwrap();
    assert_eq!(outputs["opensearch"]["camunda"]["endpoint"], DOMAIN);
    cluster.stop();
}

#[test]
fn what_may_not_be_read_is_said_with_the_permission() {
    let Some(cluster) = Cluster::start() else {
        return;
    };
    cluster.apply("shop", &fixture("camunda-8.3.yaml", DATABASE, DOMAIN));
    let reader = cluster.reader("shop", "deployments.apps,statefulsets.apps,serviceaccounts");
    let folder = tempfile::tempdir().unwrap();
    let report = finish(&mut command(&reader, "shop", folder.path(), &["--no-aws"])).json();
    let not_read: Vec<_> = report["not_read"]
        .as_array()
        .unwrap()
        .iter()
        .map(|gap| gap["what"].clone())
        .collect();
    assert_eq!(
        not_read,
        ["DaemonSets", "CronJobs", "pods", "ConfigMaps", "AWS"]
    );
    let permissions = report["permissions"].as_str().unwrap();
    let expected = "kubectl -n shop create role irsa-init --verb=get,list \
                    --resource=configmaps,cronjobs.batch,daemonsets.apps,pods";
    assert!(permissions.starts_with(expected), "{permissions}");
    assert!(
        permissions.ends_with("--user=system:serviceaccount:shop:reader"),
        "{permissions}"
    );
    let file = shown(folder.path());
    assert!(
        file["workloads"]["zeebe"].is_object() && file["workloads"]["web-modeler"].is_object(),
        "{file}"
    );
    // The command that is printed allows it.
    cluster.run(permissions);
    let again = folder.path().join("again");
    let report = finish(&mut command(&reader, "shop", &again, &["--no-aws"])).json();
    assert_eq!(report["not_read"].as_array().unwrap().len(), 1, "{report}");
    assert!(shown(&again)["workloads"]["keycloak"].is_object());
    cluster.stop();
}

#[test]
fn a_namespace_that_has_nothing_for_irsa_is_a_failure() {
    let Some(cluster) = Cluster::start() else {
        return;
    };
    let folder = tempfile::tempdir().unwrap();
    let missing = init(&cluster, "nowhere", folder.path());
    assert_eq!(missing.code, 1);
    assert!(
        missing
            .stderr
            .contains("namespace `nowhere` does not exist"),
        "{}",
        missing.stderr
    );
    let invalid = init(&cluster, "no/where", folder.path());
    assert_eq!(invalid.code, 2);
    assert!(
        invalid
            .stderr
            .contains("`no/where` is not the name of a namespace"),
        "{}",
        invalid.stderr
    );
    cluster.apply("empty", "");
    let empty = init(&cluster, "empty", folder.path());
    assert_eq!(empty.code, 1);
    assert!(
        empty.stderr.contains("no workload in namespace `empty`"),
        "{}",
        empty.stderr
    );
    assert_eq!(
        fs::read_dir(folder.path()).unwrap().count(),
        0,
        "nothing is written"
    );
    cluster.stop();
}

#[test]
fn aws_fills_in_what_the_cluster_does_not_say() {
    let Some(cluster) = Cluster::start() else {
        return;
    };
    let Some(account) = Account::start() else {
        return cluster.stop();
    };
    cluster.apply(
        "shop",
        &fixture("camunda-8.3.yaml", &account.database, &account.domain),
    );
    let folder = tempfile::tempdir().unwrap();
    let kubeconfig = cluster.kubeconfig_of("arn:aws:eks:eu-central-1:123456789012:cluster/camunda");
    let mut with = command(&kubeconfig, "shop", folder.path(), &["--aws"]);
    let report = finish(with.envs(account.environment())).json();
    assert_eq!(report["not_read"], json!([]), "{report}");
    let changes = report["changes"].to_string();
    assert!(
        changes.contains("IAM authentication of orders is off"),
        "{changes}"
    );
    assert!(changes.contains("IAM has no OIDC provider"), "{changes}");
    let file = shown(folder.path());
    assert_eq!(file["aws"]["account"], "123456789012");
    assert_eq!(file["postgres"]["orders"]["existing"], "orders");
    assert_eq!(file["opensearch"]["logs"]["access"], "fine-grained");
    let outputs = fs::read_to_string(folder.path().join("irsa.outputs.json")).unwrap();
    assert!(outputs.contains(&account.resource_id), "{outputs}");
    // The association has the role of a service account without annotation; RDS manages the master user's password.
    let keycloak = &file["workloads"]["keycloak"];
    assert_eq!(keycloak["identity"], "pod-identity", "{file}");
    assert_eq!(keycloak["role"], json!({"arn": KEYCLOAK_ROLE}), "{file}");
    assert_eq!(file["workloads"]["web-modeler"].get("identity"), None);
    let admin = json!({"user": "admin_user", "password": "managed"});
    assert_eq!(file["postgres"]["orders"]["admin"], admin);
    let outputs: Value = serde_json::from_str(&outputs).unwrap();
    let secret = outputs["postgres"]["orders"]["admin_secret"]["arn"].as_str();
    assert!(
        secret.unwrap().contains(":secret:rds!cluster-"),
        "{outputs}"
    );
    let text = fs::read_to_string(folder.path().join("irsa.yaml")).unwrap();
    assert_eq!(text.matches("IAM has no such role").count(), 1, "{text}");
    // Without credentials, the cluster alone is read; with --aws, that is a failure.
    let without = folder.path().join("without");
    let refused = finish(&mut command(&kubeconfig, "shop", &without, &["--aws"]));
    assert_eq!(refused.code, 1, "{}", refused.stderr);
    assert!(
        refused.stderr.contains("cannot read AWS"),
        "{}",
        refused.stderr
    );
    cluster.stop();
}
