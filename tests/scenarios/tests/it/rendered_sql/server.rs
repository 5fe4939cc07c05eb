//! A real server with an administrator as on RDS, and psql.

use std::fs;
use std::path::Path;
use std::process::{Command, Output};

use irsa_components::postgres::{Postgres, PostgresBinaries, PostgresOptions};
use irsa_testing::program::{finish, irsa};
use tempfile::TempDir;
use tokio::runtime::{Builder, Runtime};

/// Names that must be quoted, and a user who only reads.
const OVERLAY: &str = r#"
postgres:
  aurora:
    databases:
      keycloak: null
      "it's a \"name\"; x=": {exclusive: true}
      webmodeler: {exclusive: true}
workloads:
  keycloak:
    postgres: {database: "it's a \"name\"; x=", user: "o'neil\""}
  reader:
    service_account: bi/reader
    postgres: {store: aurora, database: webmodeler, user: reader, privileges: read}
"#;

/// What RDS has: `rds_iam`, and an administrator who may grant it without having it. Up to PostgreSQL 15, CREATEROLE is
/// enough for that.
const LIKE_RDS: &str = "CREATE ROLE rds_iam; CREATE ROLE camunda_admin LOGIN CREATEDB CREATEROLE";
const LIKE_RDS_16: &str =
    "GRANT rds_iam TO camunda_admin WITH ADMIN TRUE, INHERIT FALSE, SET FALSE;
    ALTER ROLE camunda_admin SET createrole_self_grant = 'set, inherit'";

/// Everything that the script may change, apart from what it finds.
const STATE: &str = "
    SELECT rolname, rolcanlogin, rolcreatedb, shobj_description(oid, 'pg_authid') FROM pg_roles
      WHERE rolname !~ '^(pg_|postgres|rds_|camunda_admin)' ORDER BY 1;
    SELECT m.roleid::regrole, m.member::regrole, m.grantor::regrole FROM pg_auth_members m
      WHERE m.roleid::regrole::text = 'rds_iam' ORDER BY 1, 2;
    SELECT datname, datacl, datallowconn, datconnlimit, shobj_description(oid, 'pg_database') FROM pg_database
      WHERE NOT datistemplate AND datname <> 'postgres' ORDER BY 1;";

/// A server, and a folder with the rendered scripts.
pub(super) struct Server {
    // It is stopped before its folder is removed.
    postgres: Postgres,
    runtime: Runtime,
    pub(super) folder: TempDir,
    major: u32,
}

impl Server {
    /// Starts the PostgreSQL in this directory, or the pinned one.
    pub(super) fn start(programs: Option<&Path>) -> Self {
        let folder = tempfile::tempdir().unwrap();
        render(folder.path(), OVERLAY);
        let runtime = Builder::new_current_thread().enable_all().build().unwrap();
        let cache = std::env::var_os("IRSA_CACHE_DIR").unwrap_or_else(|| "/var/cache/irsa".into());
        let (postgres, version) = runtime.block_on(async {
            let binaries = PostgresBinaries::locate(programs, Path::new(&cache), &|_| {})
                .await
                .unwrap();
            let options = PostgresOptions::new(&folder.path().join("server"));
            let postgres = Postgres::start(&binaries, options).await.unwrap();
            (postgres, binaries.version().to_owned())
        });
        let (major, _) = version.split_once('.').unwrap();
        let server = Self {
            postgres,
            runtime,
            folder,
            major: major.parse().unwrap(),
        };
        server.execute(LIKE_RDS);
        if server.has_inherit_options() {
            server.execute(LIKE_RDS_16);
        }
        server
    }

    /// Returns whether members of a role may lack its permissions.
    pub(super) fn has_inherit_options(&self) -> bool {
        self.major >= 16
    }

    /// Runs SQL as the superuser, one statement at a time.
    pub(super) fn execute(&self, sql: &str) {
        self.runtime.block_on(async {
            let client = self.postgres.connect("postgres").await.unwrap();
            for statement in sql.split_inclusive(';') {
                client.batch_execute(statement).await.unwrap();
            }
        });
    }

    pub(super) fn psql(&self, user: &str, database: &str, arguments: &[&str]) -> Output {
        let mut command = Command::new("psql");
        command.args([
            "-X",
            "-q",
            "-At",
            "-v",
            "ON_ERROR_STOP=1",
            "-U",
            user,
            "-d",
            database,
            "-h",
        ]);
        command
            .arg(self.postgres.socket_dir())
            .args(["-p", &self.postgres.port().to_string()]);
        command
            .args(arguments)
            .env_clear()
            .env("PATH", std::env::var_os("PATH").unwrap());
        command.output().unwrap()
    }

    pub(super) fn run(&self, script: &Path) -> Output {
        self.psql(
            "camunda_admin",
            "postgres",
            &["-f", script.to_str().unwrap()],
        )
    }

    pub(super) fn run_whole(&self) -> String {
        succeeded(&self.run(&self.folder.path().join("sql/aurora.sql")));
        self.state()
    }

    pub(super) fn state(&self) -> String {
        let server = succeeded(&self.psql("postgres", "postgres", &["-c", STATE]));
        let schema = "SELECT nspacl FROM pg_namespace WHERE nspname = 'public'";
        server + &succeeded(&self.psql("postgres", "webmodeler", &["-c", schema]))
    }

    /// Databases of the setup that let everyone connect.
    pub(super) fn open_databases(&self) -> String {
        let sql = "SELECT datname FROM pg_database WHERE NOT datistemplate AND datname <> 'postgres' AND datallowconn
            AND has_database_privilege('public', oid, 'CONNECT')";
        succeeded(&self.psql("postgres", "postgres", &["-c", sql]))
    }

    /// Removes everything that the script made.
    pub(super) fn reset(&self) {
        let sql = "SELECT format('DROP DATABASE %I WITH (FORCE);', datname) FROM pg_database
            WHERE NOT datistemplate AND datname <> 'postgres'
            UNION ALL SELECT format('DROP ROLE %I;', rolname) FROM pg_roles
            WHERE rolname !~ '^(pg_|postgres|rds_|camunda_admin)'";
        let statements = succeeded(&self.psql("postgres", "postgres", &["-c", sql]));
        for statement in statements.lines() {
            succeeded(&self.psql("postgres", "postgres", &["-c", statement]));
        }
    }
}

pub(super) fn render(folder: &Path, overlay: &str) {
    finish(irsa(&["init", "--for", "camunda-8.3"]).current_dir(folder)).printed();
    fs::write(folder.join("overlay.yaml"), overlay).unwrap();
    let mut render = irsa(&[
        "render",
        "sql",
        "--out",
        ".",
        "-f",
        "irsa.yaml",
        "-f",
        "overlay.yaml",
    ]);
    finish(render.current_dir(folder)).printed();
}

pub(super) fn succeeded(output: &Output) -> String {
    assert!(
        output.status.success(),
        "{}",
        String::from_utf8_lossy(&output.stderr)
    );
    String::from_utf8(output.stdout.clone()).unwrap()
}

pub(super) fn failed(output: &Output, text: &str) {
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(!output.status.success() && said.contains(text), "{said}");
}
