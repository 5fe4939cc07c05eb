//! `irsa apply sql` against the lab's Aurora: from a specification to a row that a pod writes with its projected token.

use std::fs;
use std::sync::Arc;

use irsa_lab::{LabOptions, World};
use irsa_testing::program::{Finished, finish, irsa};
use serde_json::{Value, json};
use tempfile::TempDir;

use crate::pod::Pod;
use crate::sql::refusal;
use crate::stage::Stage;

pub(crate) const PASSWORD: &str = "a-password-of-the-lab";

/// An application that logs in by password today, and is to move.
const OVERLAY: &str = "
postgres: {aurora: {databases: {legacy: {}}}}
workloads:
  mover:
    service_account: legacy/mover
    postgres: {store: aurora, database: legacy, user: mover_iam, acts_as: mover}
";

/// A role that may log in as the administrator of the second test. It is no part of the setup.
const DEPLOYER: &str = "
workloads:
  deployer:
    service_account: irsa-setup/deployer
    postgres: {store: aurora, database: legacy, user: deployer}
";

/// A specification in a folder, and a lab whose cluster is empty.
pub(crate) struct SetUp {
    pub(crate) folder: TempDir,
    pub(crate) stage: Arc<Stage>,
}

impl SetUp {
    /// With this master user in the lab.
    pub(crate) fn new(master_user: &str) -> Self {
        Self::with_world(|world| with_master_user(world, master_user))
    }

    /// With a world that is changed from the rendered one.
    pub(crate) fn with_world(change: impl FnOnce(&str) -> String) -> Self {
        let folder = tempfile::tempdir().unwrap();
        finish(irsa(&["init", "--for", "camunda-8.3"]).current_dir(&folder)).printed();
        fs::write(folder.path().join("overlay.yaml"), OVERLAY).unwrap();
        fs::write(folder.path().join("deployer.yaml"), DEPLOYER).unwrap();
        let files = [
            "-f",
            "irsa.yaml",
            "-f",
            "overlay.yaml",
            "-f",
            "deployer.yaml",
        ];
        let mut render = irsa(&["render", "lab", "--out", "."]);
        finish(render.args(files).current_dir(&folder)).printed();
        let world = fs::read_to_string(folder.path().join("lab/world.yaml")).unwrap();
        let world = World::from_yaml(&change(&world)).unwrap();
        let master = world.clusters()[0].master_user.clone().unwrap();
        let options = LabOptions::new(world);
        let stage = Arc::new(Stage::start(options));
        let cluster = stage.cluster();
        let mut outputs = json!({
            "version": 1,
            "postgres": {"aurora": {"endpoint": cluster.endpoint, "resource_id": cluster.resource_id}},
        });
        if let Some(secret) = master.secret {
            let key = secret.kms_key.unwrap();
            outputs["postgres"]["aurora"]["admin_secret"] =
                json!({"arn": secret.arn.as_str(), "kms_key": key.as_str()});
        }
        fs::write(folder.path().join("irsa.outputs.json"), outputs.to_string()).unwrap();
        let url = format!("postgresql://camunda_admin:{PASSWORD}@{}\n", cluster.dial);
        fs::write(folder.path().join("admin.url"), url).unwrap();
        let set_up = Self { folder, stage };
        for database in &set_up.stage.cluster().databases {
            set_up.execute("postgres", &format!("DROP DATABASE \"{database}\""));
        }
        set_up
    }

    /// Runs `irsa apply sql` in a pod, or outside.
    pub(crate) fn apply(&self, pod: Option<&Pod>, arguments: &[&str]) -> Finished {
        let mut command = match pod {
            Some(pod) => pod.command(&["apply", "sql"]),
            None => irsa(&["apply", "sql"]),
        };
        command.args(["-f", "irsa.yaml", "-f", "overlay.yaml", "--ca-file"]);
        command.arg(&self.stage.lab().facts().ca_file);
        let finished = finish(command.args(arguments).current_dir(&self.folder));
        assert!(!finished.stdout.contains(PASSWORD), "{}", finished.stdout);
        assert!(!finished.stderr.contains(PASSWORD), "{}", finished.stderr);
        finished
    }

    fn by_password(&self, arguments: &[&str]) -> Finished {
        self.apply(None, &[&["--admin", "file:admin.url"], arguments].concat())
    }

    /// Runs SQL as the superuser.
    fn execute(&self, database: &str, sql: &str) {
        let aurora = self.stage.lab().aurora().unwrap();
        let done = aurora.execute("aurora", database, sql);
        self.stage.block_on(done).unwrap();
    }

    fn query(&self, workload: &str, (user, database): (&str, &str), sql: &str) -> String {
        let proxy = Pod::for_workload(&self.stage, workload).proxy(&[]);
        let session = proxy.connect(user, database).unwrap();
        session.query(sql).unwrap()
    }

    fn refused(&self, workload: &str, (user, database): (&str, &str), code: &str) {
        let proxy = Pod::for_workload(&self.stage, workload).proxy(&[]);
        let Err(error) = proxy.connect(user, database) else {
            panic!("{workload} got in as {user}");
        };
        assert_eq!(refusal(&error).code().code(), code, "{error}");
    }

    /// An application with a user, a password and a table, as the administrator created it.
    pub(crate) fn create_legacy_application(&self) {
        let role = "SET ROLE camunda_admin; CREATE ROLE mover LOGIN PASSWORD 'today'";
        self.execute("postgres", role);
        self.execute("postgres", "CREATE DATABASE legacy OWNER mover");
        let table = "SET ROLE mover; CREATE TABLE notes AS SELECT 'old' AS text";
        self.execute("legacy", table);
    }
}

/// Removes the users of the cluster, and replaces the master user.
fn with_master_user(world: &str, master_user: &str) -> String {
    let master = format!("    master_user: {master_user}\n    iam_membership: inherited\n");
    let world = without(world, "    master_user:");
    let world = without(&world, "    iam_membership:");
    without_users(&world).replace("    databases:\n", &format!("{master}    databases:\n"))
}

/// Removes the users of the cluster, which the setup is to create.
pub(crate) fn without_users(world: &str) -> String {
    without(world, "    users:")
}

/// Removes a key with the lines that are indented below it.
fn without(world: &str, key: &str) -> String {
    let mut text = String::new();
    let mut is_skipping = false;
    for line in world.lines() {
        is_skipping = line.starts_with(key) || is_skipping && line.starts_with("     ");
        if !is_skipping {
            text += line;
            text.push('\n');
        }
    }
    text
}

fn steps(finished: &Finished) -> Vec<Value> {
    let lines = finished.stdout.lines();
    lines
        .map(|line| serde_json::from_str(line).unwrap())
        .collect()
}

#[test]
fn every_workload_reaches_its_rows_after_the_first_run() {
    let set_up = SetUp::new(&format!("{{name: camunda_admin, password: {PASSWORD}}}"));
    set_up.create_legacy_application();
    let dry = set_up.by_password(&["--dry-run", "--exit-code"]);
    assert_eq!(dry.code, 3, "{}", dry.stderr);
    assert!(
        dry.stdout.contains("GRANT rds_iam TO \"keycloak\""),
        "{}",
        dry.stdout
    );

    check_failure(&set_up);
    let first = set_up.by_password(&[]);
    let text = first.printed();
    assert!(
        text.contains("aurora: changed  user `keycloak` logs in by IAM"),
        "{text}"
    );
    assert!(
        text.contains("note     every user can connect to database `legacy`"),
        "{text}"
    );
    let second = set_up.by_password(&["--output", "json", "--dry-run", "--exit-code"]);
    assert_eq!(second.code, 0, "{}", second.stderr);
    let states: Vec<_> = steps(&second)
        .iter()
        .map(|step| step["state"].clone())
        .collect();
    assert!(
        states
            .iter()
            .all(|state| state == "ok" || state == "note" || state.is_null()),
        "{states:?}"
    );
    assert_eq!(steps(&second).last().unwrap()["error"], Value::Null);

    let keycloak = ("keycloak", "keycloak");
    set_up.query("keycloak", keycloak, "CREATE TABLE mine (n int)");
    assert_eq!(
        set_up.query("keycloak", keycloak, "SELECT count(*) FROM mine"),
        "0"
    );
    set_up.refused("keycloak", ("keycloak", "webmodeler"), "42501");
    set_up.refused("web-modeler", keycloak, "28000");
    // The second user works with what the first one owns.
    let mover = ("mover_iam", "legacy");
    assert_eq!(set_up.query("mover", mover, "SELECT current_user"), "mover");
    assert_eq!(
        set_up.query("mover", mover, "SELECT text FROM notes"),
        "old"
    );

    let undo = "SET ROLE camunda_admin; REVOKE rds_iam FROM keycloak";
    set_up.execute("postgres", undo);
    let drift = set_up.by_password(&["--dry-run", "--exit-code"]);
    assert_eq!(drift.code, 3, "{}", drift.stdout);
    assert!(set_up.by_password(&[]).printed().ends_with("1 changed"));
    assert_eq!(set_up.query("keycloak", keycloak, "SELECT 1"), "1");
}

/// A run that fails prints what one that succeeds prints, and the error.
fn check_failure(set_up: &SetUp) {
    let role = "SET ROLE camunda_admin; CREATE ROLE keycloak LOGIN PASSWORD 'today'";
    set_up.execute("postgres", role);
    let failed = set_up.by_password(&["--output", "json"]);
    assert_eq!(failed.code, 1, "{}", failed.stderr);
    let lines = steps(&failed);
    let [steps @ .., totals] = lines.as_slice() else {
        panic!("no output");
    };
    assert_eq!(steps.last().unwrap()["state"], "failed");
    assert_eq!(totals["failed"], 1, "{totals}");
    let error = &totals["error"];
    let message = error["message"].as_str().unwrap();
    assert!(
        message.starts_with("user `keycloak` exists already"),
        "{error}"
    );
    assert!(
        error["remedy"]
            .as_str()
            .unwrap()
            .contains("`user: keycloak_iam`"),
        "{error}"
    );
    set_up.execute("postgres", "DROP ROLE keycloak");
}

#[test]
fn the_administrator_can_be_an_iam_role() {
    let set_up = SetUp::new("{name: deployer}");
    set_up.execute("postgres", "SET ROLE deployer; CREATE ROLE mover LOGIN");
    let dial = set_up.stage.cluster().dial.clone();
    let arguments = ["--admin", "iam:deployer", "--dial", &dial];
    let pod = Pod::for_workload(&set_up.stage, "deployer");
    set_up.apply(Some(&pod), &arguments).printed();
    let again = set_up.apply(Some(&pod), &arguments);
    assert!(
        again.printed().ends_with("ok, 0 changed"),
        "{}",
        again.stdout
    );
    let row = set_up.query(
        "web-modeler",
        ("webmodeler", "webmodeler"),
        "SELECT 'a row'",
    );
    assert_eq!(row, "a row");
    // Another workload's role must not be the administrator.
    let other = Pod::for_workload(&set_up.stage, "keycloak");
    let refused = set_up.apply(Some(&other), &arguments);
    assert_eq!(refused.code, 1, "{}", refused.stderr);
    let text = "administrator `deployer` cannot log in";
    assert!(refused.stderr.contains(text), "{}", refused.stderr);
}

#[test]
fn mistakes_are_reported_before_anything_is_opened() {
    let folder = tempfile::tempdir().unwrap();
    finish(irsa(&["init", "--for", "camunda-8.3"]).current_dir(&folder)).printed();
    let apply = |arguments: &[&str]| {
        let mut command = irsa(&["apply", "sql"]);
        finish(command.args(arguments).current_dir(&folder))
    };
    let url = apply(&["--admin", "postgresql://admin:hush@db", "--dial", "db"]);
    assert_eq!(url.code, 2, "{}", url.stderr);
    assert!(!url.stderr.contains("hush"), "{}", url.stderr);
    assert_eq!(url.errors().len(), 2, "{}", url.stderr);
    let context = apply(&["--admin", "managed", "--context", "prod"]);
    assert_eq!(context.code, 2, "{}", context.stderr);
    assert_eq!(context.errors(), ["--context is for --admin kubernetes:"]);
    let unknown = apply(&["--admin", "iam", "--store", "auroa"]);
    assert_eq!(unknown.code, 2, "{}", unknown.stderr);
    assert!(
        unknown.stderr.contains("did you mean `aurora`?"),
        "{}",
        unknown.stderr
    );
    let early = apply(&[]);
    assert_eq!(early.code, 1, "{}", early.stderr);
    assert!(
        early.stderr.contains("not known before `terraform apply`"),
        "{}",
        early.stderr
    );
    // A login through a proxy does not show that the administrator can log in to the cluster.
    let proxy = "
        version: 1
        name: shop
        aws: {account: '111122223333', region: eu-central-1}
        clusters: {shop: {}}
        postgres:
          orders:
            existing: {endpoint: orders.proxy-c9akciq32rgw.eu-central-1.rds.amazonaws.com, resource_id: prx-0f9d9414be09b1c57}
            databases: {orders: {}}
        workloads:
          api: {service_account: shop/api, postgres: {store: orders, database: orders, user: api}}";
    let unknown = proxy
        .replace(".proxy-", ".cluster-")
        .replace("prx-0f9d9414be09b1c57", "cluster-AB");
    fs::write(folder.path().join("irsa.yaml"), unknown).unwrap();
    let unknown = apply(&[]);
    assert_eq!(unknown.code, 1, "{}", unknown.stderr);
    let text = "the administrator of `orders` is unknown";
    assert!(unknown.stderr.contains(text), "{}", unknown.stderr);
    fs::write(folder.path().join("irsa.yaml"), proxy).unwrap();
    let proxy = apply(&["--admin", "iam"]);
    assert_eq!(proxy.code, 2, "{}", proxy.stderr);
    assert!(proxy.stderr.contains("is an RDS Proxy"), "{}", proxy.stderr);
}
