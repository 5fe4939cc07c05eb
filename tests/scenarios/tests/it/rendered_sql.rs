//! What `irsa render sql` writes, run by psql on real servers as an administrator who is not a superuser, as on RDS.

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

/// Names with what ends an identifier, a text, a comment, a variable or a block in SQL, psql or connection strings, and
/// one as long as PostgreSQL permits.
const HOSTILE: [&str; 10] = [
    "a\"; DROP ROLE x; --",
    "a'; SELECT 1; --",
    "a\\' b",
    ":a :'a' :\"a\"",
    "$irsa$ $1",
    "host=evil dbname=x",
    "postgres://evil/x",
    "/* a",
    "a\\gset b",
    "sixty-three-bytes-abcdefghijklmnopqrstuvwxyz-ABCDEFGHIJKLMNOPQR",
];

/// What RDS has: `rds_iam`, and an administrator who may grant it without having it. Up to PostgreSQL 15, CREATEROLE is
/// enough for that.
const LIKE_RDS: &str = "CREATE ROLE rds_iam; CREATE ROLE camunda_admin LOGIN CREATEDB CREATEROLE";
const LIKE_RDS_16: &str =
    "GRANT rds_iam TO camunda_admin WITH ADMIN TRUE, INHERIT FALSE, SET FALSE;
    ALTER ROLE camunda_admin SET createrole_self_grant = 'set, inherit'";

/// Roles that the administrator has the permissions of. Before PostgreSQL 16, that is each role that it is a member of.
const INHERITED: &str =
    "SELECT count(*) FROM pg_auth_members m WHERE member = 'camunda_admin'::regrole
      AND coalesce((to_jsonb(m) ->> 'inherit_option')::boolean, true)";

/// Debian's programs of PostgreSQL 15.
const POSTGRESQL_15: &str = "/usr/lib/postgresql/15/bin";

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
    major: u32,
}

impl Server {
    /// Starts the PostgreSQL in this directory, or the pinned one.
    fn start(programs: Option<&Path>) -> Self {
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

    /// Whether members of a role may lack its permissions.
    fn has_inherit_options(&self) -> bool {
        self.major >= 16
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

fn render(folder: &Path, overlay: &str) {
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
fn the_scripts_run_on_postgresql_17() {
    if has_psql() {
        let explicit = std::env::var_os("IRSA_POSTGRES_BIN");
        try_everything(&Server::start(explicit.as_deref().map(Path::new)));
    }
}

/// Distributions have one version of PostgreSQL each: without this one, the test is skipped.
#[test]
fn the_scripts_run_on_postgresql_15() {
    let programs = Path::new(POSTGRESQL_15);
    if !programs.join("initdb").is_file() {
        eprintln!("skipped: {POSTGRESQL_15} has no server");
    } else if has_psql() {
        try_everything(&Server::start(Some(programs)));
    }
}

/// One server for all checks: most of their time is its start.
fn try_everything(server: &Server) {
    runs_again_and_every_user_has_what_is_its_own(server);
    server.reset();
    completes_a_script_that_was_interrupted_anywhere(server);
    server.reset();
    takes_every_name(server);
    server.reset();
    never_ends_a_login_by_password(server);
    server.reset();
    names_a_database_that_stays_open(server);
    server.reset();
    // The last one: what it plants stays.
    runs_no_functions_of_users(server);
}

/// psql is missing: the test is skipped, unless `IRSA_REQUIRE_CLIENTS=1`.
#[expect(
    clippy::print_stderr,
    reason = "a reader of the test's output should know"
)]
fn has_psql() -> bool {
    if Command::new("psql").arg("--version").output().is_ok() {
        return true;
    }
    let is_required = std::env::var_os("IRSA_REQUIRE_CLIENTS").is_some_and(|value| value == "1");
    assert!(!is_required, "psql is missing");
    eprintln!("skipped: psql is missing");
    false
}

fn runs_again_and_every_user_has_what_is_its_own(server: &Server) {
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
    assert_eq!(
        succeeded(&server.psql("camunda_admin", "postgres", &["-c", INHERITED])),
        "0\n"
    );
}

fn completes_a_script_that_was_interrupted_anywhere(server: &Server) {
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

/// Each hostile name is one database, and one user of it. An IAM policy names the user, so it has no `$` or `*`;
/// and `reset` leaves those that begin like the superuser.
fn takes_every_name(server: &Server) {
    let quoted = |name: &str| serde_json::to_string(name).unwrap();
    let mut users = Vec::new();
    let (mut databases, mut workloads) = (Vec::new(), Vec::new());
    for (number, name) in HOSTILE.iter().enumerate() {
        let user = name.replace(['$', '*'], "_").replace("postgres:", "psql:");
        databases.push(format!("      {}: {{}}\n", quoted(name)));
        workloads.push(format!(
            "  w{number}: {{service_account: x/w{number}, postgres: {{store: aurora, database: {}, user: {}}}}}\n",
            quoted(name),
            quoted(&user)
        ));
        users.push(user);
    }
    let (databases, workloads) = (databases.concat(), workloads.concat());
    let folder = tempfile::tempdir().unwrap();
    let overlay =
        format!("postgres:\n  aurora:\n    databases:\n{databases}workloads:\n{workloads}");
    render(folder.path(), &overlay);
    let script = folder.path().join("sql/aurora.sql");
    for _ in 0..2 {
        succeeded(&server.run(&script));
    }
    let mut expected: Vec<_> = HOSTILE.iter().zip(&users).collect();
    expected.sort();
    let sql = "SELECT json_agg(json_build_array(datname, rolname)) FROM pg_database JOIN pg_roles
        ON has_database_privilege(rolname, datname, 'CREATE')
        WHERE rolname !~ '^(pg_|postgres|rds_|camunda_admin|keycloak|webmodeler)'";
    let found = succeeded(&server.psql("postgres", "postgres", &["-c", sql]));
    let mut found: Vec<(String, String)> = serde_json::from_str(&found).unwrap();
    found.sort();
    let found: Vec<_> = found
        .iter()
        .map(|(database, user)| (database.as_str(), user))
        .collect();
    let expected: Vec<_> = expected
        .iter()
        .map(|(database, user)| (**database, *user))
        .collect();
    assert_eq!(found, expected);
}

fn never_ends_a_login_by_password(server: &Server) {
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
    server.execute("CREATE ROLE webmodeler LOGIN PASSWORD 'x'");
    if server.has_inherit_options() {
        // The right to grant rds_iam does not end the login by password.
        server.execute("GRANT rds_iam TO webmodeler WITH ADMIN TRUE, INHERIT FALSE, SET FALSE");
        failed(&server.run(&script), "role webmodeler exists already");
    }
    server.execute("DROP ROLE webmodeler; CREATE ROLE webmodeler LOGIN SUPERUSER PASSWORD 'x'");
    failed(&server.run(&script), "role webmodeler exists already");
}

/// A database that was upgraded from PostgreSQL 14 lets every user create functions in `public`.
fn runs_no_functions_of_users(server: &Server) {
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

fn names_a_database_that_stays_open(server: &Server) {
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
