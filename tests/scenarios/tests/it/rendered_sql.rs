//! What `irsa render sql` writes, run by psql on a real server as an administrator who is not a superuser, as on RDS.

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

/// What RDS has: `rds_iam`, and an administrator who may grant it without having it.
const LIKE_RDS: &str = "CREATE ROLE rds_iam; CREATE ROLE camunda_admin LOGIN CREATEDB CREATEROLE;
    GRANT rds_iam TO camunda_admin WITH ADMIN TRUE, INHERIT FALSE, SET FALSE;
    ALTER ROLE camunda_admin SET createrole_self_grant = 'set, inherit';";

/// Everything that the script may change, apart from what it finds.
const STATE: &str = "
    SELECT rolname, rolcanlogin, rolcreatedb, shobj_description(oid, 'pg_authid') FROM pg_roles
      WHERE rolname !~ '^(pg_|postgres|rds_|camunda_admin)' ORDER BY 1;
    SELECT m.roleid::regrole, m.member::regrole, m.grantor::regrole FROM pg_auth_members m
      WHERE m.roleid::regrole::text = 'rds_iam' ORDER BY 1, 2;
    SELECT datname, datacl, datallowconn, datconnlimit, shobj_description(oid, 'pg_database') FROM pg_database
      WHERE NOT datistemplate AND datname <> 'postgres' ORDER BY 1;";

/// A server, and a folder with the rendered scripts.
struct Server {
    // It is stopped before its folder is removed.
    postgres: Postgres,
    runtime: Runtime,
    folder: TempDir,
}

impl Server {
    /// psql is missing: the test is skipped, unless `IRSA_REQUIRE_CLIENTS=1`.
    #[expect(
        clippy::print_stderr,
        reason = "a reader of the test's output should know"
    )]
    fn start() -> Option<Self> {
        if Command::new("psql").arg("--version").output().is_err() {
            let is_required =
                std::env::var_os("IRSA_REQUIRE_CLIENTS").is_some_and(|value| value == "1");
            assert!(!is_required, "psql is missing");
            eprintln!("skipped: psql is missing");
            return None;
        }
        let folder = tempfile::tempdir().unwrap();
        render(folder.path());
        let runtime = Builder::new_current_thread().enable_all().build().unwrap();
        let cache = std::env::var_os("IRSA_CACHE_DIR").unwrap_or_else(|| "/var/cache/irsa".into());
        let explicit = std::env::var_os("IRSA_POSTGRES_BIN");
        let postgres = runtime.block_on(async {
            let explicit = explicit.as_deref().map(Path::new);
            let binaries = PostgresBinaries::locate(explicit, Path::new(&cache), &|_| {})
                .await
                .unwrap();
            let options = PostgresOptions::new(&folder.path().join("server"));
            Postgres::start(&binaries, options).await.unwrap()
        });
        let server = Self {
            postgres,
            runtime,
            folder,
        };
        server.execute(LIKE_RDS);
        Some(server)
    }

    /// Runs SQL as the superuser, one statement at a time.
    fn execute(&self, sql: &str) {
        self.runtime.block_on(async {
            let client = self.postgres.connect("postgres").await.unwrap();
            for statement in sql.split_inclusive(';') {
                client.batch_execute(statement).await.unwrap();
            }
        });
    }

    fn psql(&self, user: &str, database: &str, arguments: &[&str]) -> Output {
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

    fn run(&self, script: &Path) -> Output {
        self.psql(
            "camunda_admin",
            "postgres",
            &["-f", script.to_str().unwrap()],
        )
    }

    fn run_whole(&self) -> String {
        succeeded(&self.run(&self.folder.path().join("sql/aurora.sql")));
        self.state()
    }

    fn state(&self) -> String {
        let server = succeeded(&self.psql("postgres", "postgres", &["-c", STATE]));
        let schema = "SELECT nspacl FROM pg_namespace WHERE nspname = 'public'";
        server + &succeeded(&self.psql("postgres", "webmodeler", &["-c", schema]))
    }

    /// Databases of the setup that let everyone connect.
    fn open_databases(&self) -> String {
        let sql = "SELECT datname FROM pg_database WHERE NOT datistemplate AND datname <> 'postgres' AND datallowconn
            AND has_database_privilege('public', oid, 'CONNECT')";
        succeeded(&self.psql("postgres", "postgres", &["-c", sql]))
    }

    /// Removes everything that the script made.
    fn reset(&self) {
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

fn render(folder: &Path) {
    finish(irsa(&["init", "--for", "camunda-8.3"]).current_dir(folder)).printed();
    fs::write(folder.join("overlay.yaml"), OVERLAY).unwrap();
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

fn succeeded(output: &Output) -> String {
    assert!(
        output.status.success(),
        "{}",
        String::from_utf8_lossy(&output.stderr)
    );
    String::from_utf8(output.stdout.clone()).unwrap()
}

fn failed(output: &Output, text: &str) {
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(!output.status.success() && said.contains(text), "{said}");
}

#[test]
fn the_script_can_be_run_again_and_every_user_has_what_is_its_own() {
    let Some(server) = Server::start() else {
        return;
    };
    let first = server.run_whole();
    assert!(first.contains("it's a \"name\"; x="), "{first}");
    assert!(first.contains("o'neil\""), "{first}");
    assert_eq!(first, server.run_whole(), "the second run changes nothing");
    // The owner makes tables, the reader reads them once the owner lets it, and neighbors are refused.
    succeeded(&server.psql(
        "webmodeler",
        "webmodeler",
        &["-c", "CREATE TABLE notes AS SELECT 1 AS n"],
    ));
    let select = ["-c", "SELECT n FROM notes"];
    failed(
        &server.psql("reader", "webmodeler", &select),
        "permission denied for table notes",
    );
    let grants = server.folder.path().join("sql/aurora.reader-as-owner.sql");
    succeeded(&server.psql(
        "webmodeler",
        "webmodeler",
        &["-f", grants.to_str().unwrap()],
    ));
    assert_eq!(
        succeeded(&server.psql("reader", "webmodeler", &select)),
        "1\n"
    );
    failed(
        &server.psql("reader", "webmodeler", &["-c", "CREATE TABLE mine (n int)"]),
        "permission denied for schema public",
    );
    failed(
        &server.psql("o'neil\"", "webmodeler", &select),
        "permission denied for database",
    );
    // The administrator is not a member of any user, so that its own password still works.
    let member = "SELECT count(*) FROM pg_auth_members WHERE member = 'camunda_admin'::regrole AND inherit_option";
    assert_eq!(
        succeeded(&server.psql("camunda_admin", "postgres", &["-c", member])),
        "0\n"
    );
}

#[test]
fn a_script_that_was_interrupted_anywhere_is_completed_by_the_next_run() {
    let Some(server) = Server::start() else {
        return;
    };
    let script = fs::read_to_string(server.folder.path().join("sql/aurora.sql")).unwrap();
    let whole = server.run_whole();
    let body = script.find("\n-- User ").unwrap();
    let ends = script
        .match_indices(";\n")
        .map(|(at, _)| at + 2)
        .filter(|at| *at > body);
    for end in ends {
        server.reset();
        let part = &script[..end];
        let open_blocks = part.matches("\\if ").count() - part.matches("\\endif").count();
        let file = server.folder.path().join("part.sql");
        fs::write(&file, part.to_owned() + &"\\endif\n".repeat(open_blocks)).unwrap();
        succeeded(&server.run(&file));
        assert_eq!(server.open_databases(), "", "after {}", &part[body..]);
        assert_eq!(server.run_whole(), whole, "after {}", &part[body..]);
    }
}

#[test]
fn a_login_by_password_is_never_ended() {
    let Some(server) = Server::start() else {
        return;
    };
    let script = server.folder.path().join("sql/aurora.sql");
    // An application's user that exists already.
    server.execute("CREATE ROLE webmodeler LOGIN PASSWORD 'x'");
    failed(&server.run(&script), "role webmodeler exists already");
    server.execute("GRANT rds_iam TO webmodeler");
    server.run_whole();
    server.reset();
    // The administrator as a member of a user.
    server.execute(
        "CREATE ROLE reader LOGIN; GRANT rds_iam TO reader; GRANT reader TO camunda_admin",
    );
    failed(
        &server.run(&script),
        "administrator camunda_admin is a member of reader",
    );
    server.execute("REVOKE reader FROM camunda_admin");
    server.run_whole();
    server.reset();
    // The right to grant rds_iam does not end the login by password.
    server.execute(
        "CREATE ROLE webmodeler LOGIN PASSWORD 'x';
         GRANT rds_iam TO webmodeler WITH ADMIN TRUE, INHERIT FALSE, SET FALSE",
    );
    failed(&server.run(&script), "role webmodeler exists already");
    server.execute("DROP ROLE webmodeler; CREATE ROLE webmodeler LOGIN SUPERUSER PASSWORD 'x'");
    failed(&server.run(&script), "role webmodeler exists already");
}

/// A database that was upgraded from PostgreSQL 14 lets every user create functions in `public`.
#[test]
fn functions_of_users_do_not_run() {
    let Some(server) = Server::start() else {
        return;
    };
    // Literals are `text`, for which these fit better than the catalog's, whose parameters are of type `name`.
    server.execute(
        "GRANT CREATE ON SCHEMA public TO PUBLIC; CREATE ROLE webmodeler LOGIN PASSWORD 'x'",
    );
    let planted = "
        CREATE FUNCTION public.shobj_description(oid, text) RETURNS text LANGUAGE sql AS 'SELECT ''irsa: camunda''';
        CREATE FUNCTION public.pg_has_role(oid, text, text) RETURNS boolean LANGUAGE sql AS 'SELECT true';";
    succeeded(&server.psql("webmodeler", "postgres", &["-c", planted]));
    let script = server.folder.path().join("sql/aurora.sql");
    failed(&server.run(&script), "role webmodeler exists already");
}

#[test]
fn a_database_that_stays_open_is_named() {
    let Some(server) = Server::start() else {
        return;
    };
    server.execute("CREATE DATABASE webmodeler OWNER camunda_admin");
    let output = server.run(&server.folder.path().join("sql/aurora.sql"));
    succeeded(&output);
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(
        said.contains("every user can still connect to database webmodeler"),
        "{said}"
    );
    // One that the script created is closed.
    assert!(!said.contains("connect to database it's"), "{said}");
}
