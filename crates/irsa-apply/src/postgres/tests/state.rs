//! What a run may change, as text.

use tokio_postgres::SimpleQueryMessage;

use super::stage::Stage;

/// The names of users and databases that were set up, as a condition.
const ROLES: &str = "rolname !~ '^(pg_|postgres|rds_|rdsadmin|camunda_admin)'";
const DATABASES: &str = "NOT datistemplate AND datname NOT IN ('postgres', 'rdsadmin')";

/// Roles, memberships, databases, and the privileges on schemas.
pub(super) async fn read(stage: &Stage) -> String {
    let sql = format!(
        "SELECT rolname, rolcanlogin, rolcreatedb, shobj_description(oid, 'pg_authid') FROM pg_roles
           WHERE {ROLES} ORDER BY 1;
         SELECT m.roleid::regrole, m.member::regrole, m.admin_option FROM pg_auth_members m
           JOIN pg_roles r ON r.oid = m.member WHERE {ROLES} ORDER BY 1, 2;
         SELECT r.rolname, s.setconfig FROM pg_db_role_setting s JOIN pg_roles r ON r.oid = s.setrole ORDER BY 1;
         SELECT datname, datallowconn, datconnlimit, shobj_description(oid, 'pg_database'),
             ARRAY(SELECT a::text FROM unnest(datacl) a ORDER BY 1) FROM pg_database
           WHERE {DATABASES} ORDER BY 1"
    );
    let mut text = rows(stage, "postgres", &sql).await;
    let open =
        format!("SELECT datname FROM pg_database WHERE {DATABASES} AND datallowconn ORDER BY 1");
    for database in rows(stage, "postgres", &open).await.lines() {
        let schema =
            "SELECT ARRAY(SELECT a::text FROM unnest(nspacl) a ORDER BY 1) FROM pg_namespace
            WHERE nspname = 'public'";
        text += &rows(stage, database, schema).await;
    }
    text
}

/// Databases that everyone can connect to.
pub(super) async fn open_databases(stage: &Stage) -> String {
    let sql = format!(
        "SELECT datname FROM pg_database WHERE {DATABASES} AND datallowconn
           AND has_database_privilege('public', oid, 'CONNECT')"
    );
    rows(stage, "postgres", &sql).await
}

/// The statements that remove everything that was set up.
pub(super) async fn removals(stage: &Stage) -> Vec<String> {
    let sql = format!(
        "SELECT format('DROP DATABASE %I WITH (FORCE)', datname) FROM pg_database WHERE {DATABASES}
         UNION ALL SELECT format('DROP ROLE %I', rolname) FROM pg_roles WHERE {ROLES}"
    );
    let text = rows(stage, "postgres", &sql).await;
    text.lines().map(str::to_owned).collect()
}

/// The rows of queries, one a line, with `|` between columns.
pub(super) async fn rows(stage: &Stage, database: &str, sql: &str) -> String {
    let session = stage.session(database).await;
    let mut text = String::new();
    for message in session.simple_query(sql).await.unwrap() {
        if let SimpleQueryMessage::Row(row) = message {
            let columns = (0..row.len()).map(|column| row.get(column).unwrap_or("-"));
            text += &columns.collect::<Vec<_>>().join("|");
            text.push('\n');
        }
    }
    text
}
