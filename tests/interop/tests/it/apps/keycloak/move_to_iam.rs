//! Keycloak moves from a password to IAM and back, one replica at a time, while users log in at the other one.

use std::fs;
use std::sync::Arc;

use interop::port;
use interop::server::cache_folder;
use irsa_demo::reference_apps::keycloak::{ADA, Keycloak, KeycloakHome, KeycloakOptions};
use irsa_demo::reference_apps::{Database, DatabaseMode};
use irsa_lab::{Lab, LabOptions, World};
use irsa_testing::program::{finish, irsa};
use serde_json::{Value, json};
use tempfile::TempDir;

use super::load::Load;
use super::stage::{cluster, keycloak_unless_missing, proxy, tell, through_irsa};
use super::until;

/// The user that owns the database and logs in by password, and the one for IAM.
const OWNER: &str = "keycloak";
const IAM_USER: &str = "keycloak_iam";
const PASSWORD: &str = "the-password-of-today";
const ADMIN_PASSWORD: &str = "a-password-of-the-lab";
/// Logins to wait for after each step.
const LOGINS: usize = 8;

const EVERY_TABLE_IS_THE_OWNERS: &str = "SELECT count(*) > 50 AND bool_and(tableowner = 'keycloak') \
     FROM pg_tables WHERE schemaname = 'public'";
const THE_TABLE_MADE_THROUGH_IRSA_TOO: &str =
    "SELECT tableowner = 'keycloak' FROM pg_tables WHERE tablename = 'made_through_irsa'";
const SESSIONS_OF_BOTH_USERS: &str = "SELECT array_agg(DISTINCT usename::text ORDER BY usename::text) \
     = ARRAY['keycloak', 'keycloak_iam'] FROM pg_stat_activity WHERE datname = 'keycloak' AND usename <> session_user";

const SPECIFICATION: &str = r#"version: 1
name: camunda
aws: {account: "111122223333", region: eu-central-1}
clusters: {camunda: {}}
postgres:
  aurora:
    existing:
      endpoint: aurora.cluster-c9akciq32rgw.eu-central-1.rds.amazonaws.com
      resource_id: cluster-2K7XQ4MZJ6T5W3YHCNBVRDAEFU
    admin: {user: camunda_admin, password: managed}
    databases: {keycloak: {}}
workloads:
  keycloak:
    component: keycloak
    service_account: camunda/keycloak
    postgres: {store: aurora, database: keycloak, user: keycloak_iam, acts_as: keycloak}
"#;

/// The setup of a Keycloak that logs in by password, and the cluster that it uses.
struct SetUp {
    folder: TempDir,
    lab: Lab,
}

/// A replica with users who log in at it.
struct Replica {
    keycloak: Arc<Keycloak>,
    load: Load,
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn keycloak_moves_to_iam_and_back_while_users_log_in() {
    let Some(home) = keycloak_unless_missing().await else {
        return;
    };
    let set_up = SetUp::new().await;
    let by_password = Replica::start(&home, set_up.by_password()).await;
    set_up.holds(EVERY_TABLE_IS_THE_OWNERS).await;

    set_up.apply();
    by_password.serves().await;
    let port = port::to_return_to().unwrap();
    let irsa = proxy(&set_up.lab, port);
    let through = Replica::start(&home, by_iam(port)).await;
    set_up.holds(SESSIONS_OF_BOTH_USERS).await;
    create_table_through(port).await;
    by_password.serves().await;
    by_password.stop().await;

    // No replica uses the password now, and it still works: the way back is the settings from before.
    through.serves().await;
    let back = Replica::start(&home, set_up.by_password()).await;
    through.serves().await;
    through.stop().await;
    irsa.stop().unwrap();
    back.serves().await;
    back.stop().await;

    set_up.holds(EVERY_TABLE_IS_THE_OWNERS).await;
    set_up.holds(THE_TABLE_MADE_THROUGH_IRSA_TOO).await;
    let SetUp { lab, .. } = set_up;
    assert_eq!(lab.ledger().last_refusal(), None);
    lab.stop().await;
}

/// As the guide says: with the second user, through irsa.
fn by_iam(port: u16) -> KeycloakOptions {
    KeycloakOptions::new(database(IAM_USER), through_irsa(port))
}

fn database(user: &str) -> Database {
    Database {
        name: "keycloak".to_owned(),
        user: user.to_owned(),
    }
}

/// What a later version of Keycloak would do to its schema.
async fn create_table_through(port: u16) {
    let mut config = tokio_postgres::Config::new();
    config.host("127.0.0.1").port(port);
    config.user(IAM_USER).dbname("keycloak");
    let (client, connection) = config.connect(tokio_postgres::NoTls).await.unwrap();
    tokio::spawn(connection);
    let create = "CREATE TABLE made_through_irsa (id integer)";
    client.batch_execute(create).await.unwrap();
}

// === impl SetUp ===

impl SetUp {
    /// A database that the administrator created for Keycloak, with a user and a password.
    async fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        fs::write(folder.path().join("irsa.yaml"), SPECIFICATION).unwrap();
        finish(irsa(&["render", "lab", "--out", "."]).current_dir(&folder)).printed();
        let mut options = LabOptions::new(world(&folder));
        options.cache_dir = cache_folder().unwrap();
        let lab = Lab::start(options).await.unwrap();
        let aurora = lab.aurora().unwrap();
        for sql in [
            "DROP DATABASE keycloak".to_owned(),
            format!("SET ROLE camunda_admin; CREATE ROLE {OWNER} LOGIN PASSWORD '{PASSWORD}'"),
            format!("CREATE DATABASE keycloak OWNER {OWNER}"),
        ] {
            aurora.execute("aurora", "postgres", &sql).await.unwrap();
        }
        Self { folder, lab }
    }

    /// The stock build with the cluster's endpoint, as before irsa.
    fn by_password(&self) -> KeycloakOptions {
        let dial = &cluster(&self.lab).dial;
        let (_, port) = dial.rsplit_once(':').unwrap();
        let mode = DatabaseMode::ThroughIrsa {
            host: "localhost".to_owned(),
            port: port.parse().unwrap(),
        };
        let mut options = KeycloakOptions::new(database(OWNER), mode);
        let password = ("KC_DB_PASSWORD".to_owned(), PASSWORD.to_owned());
        options.more.extend([password]);
        options
    }

    /// Adds the second user.
    fn apply(&self) {
        let url = format!(
            "postgresql://camunda_admin:{ADMIN_PASSWORD}@{}\n",
            cluster(&self.lab).dial
        );
        fs::write(self.folder.path().join("admin.url"), url).unwrap();
        let mut command = irsa(&["apply", "sql", "--admin", "file:admin.url", "--ca-file"]);
        command.arg(&self.lab.facts().ca_file);
        let applied = finish(command.current_dir(&self.folder));
        tell(applied.printed());
    }

    /// Fails unless a condition holds in Keycloak's database.
    async fn holds(&self, condition: &str) {
        let check = format!(
            "DO $$ BEGIN IF NOT ({condition}) THEN RAISE EXCEPTION 'it does not hold'; END IF; END $$"
        );
        let aurora = self.lab.aurora().unwrap();
        let checked = aurora.execute("aurora", "keycloak", &check).await;
        checked.unwrap_or_else(|error| panic!("{condition}: {error}"));
    }
}

/// The world of the specification, with a master user in place of the users that irsa is to create.
fn world(folder: &TempDir) -> World {
    let text = fs::read_to_string(folder.path().join("lab/world.yaml")).unwrap();
    let mut world: Value = serde_saphyr::from_str(&text).unwrap();
    let cluster = world["clusters"][0].as_object_mut().unwrap();
    cluster.remove("users");
    let master = json!({"name": "camunda_admin", "password": ADMIN_PASSWORD});
    cluster.insert("master_user".to_owned(), master);
    cluster.insert("iam_membership".to_owned(), "inherited".into());
    World::from_yaml(&world.to_string()).unwrap()
}

// === impl Replica ===

impl Replica {
    async fn start(home: &KeycloakHome, options: KeycloakOptions) -> Self {
        home.build(&options, &tell).await.unwrap();
        let keycloak = Keycloak::start(home, &options).await.unwrap();
        let keycloak = Arc::new(keycloak);
        keycloak.token(&ADA).await.unwrap();
        let load = Load::start(&keycloak);
        Self { keycloak, load }
    }

    /// Waits for more logins.
    async fn serves(&self) {
        let before = self.load.seen().logins;
        until("logins", || self.load.seen().logins >= before + LOGINS).await;
    }

    /// Takes the replica out of service, and fails if a login failed.
    async fn stop(self) {
        let seen = self.load.stop().await;
        assert_eq!(seen.errors, [] as [String; 0]);
        Arc::into_inner(self.keycloak)
            .unwrap()
            .stop()
            .await
            .unwrap();
    }
}
