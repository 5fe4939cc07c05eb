//! The initial content of a cluster: RDS's roles, Aurora's functions, and the world's users and databases.

use std::fmt::Write as _;

use irsa_components::postgres::Postgres;
use tokio_postgres::Client;

use crate::error::LabError;
use crate::world::{Cluster, DatabaseUser, MasterUser};

/// Members must log in by IAM (Aurora User Guide, "Creating a database account using IAM authentication").
pub(super) const IAM_ROLE: &str = "rds_iam";
/// RDS's superuser, which customers cannot use.
pub(super) const SUPERUSER: &str = "rdsadmin";

/// The roles of every RDS server, and the rights of the master user's group.
const RDS_ROLES: &str = "
    CREATE ROLE rds_iam NOLOGIN;
    CREATE ROLE rds_password NOLOGIN;
    CREATE ROLE rds_replication NOLOGIN;
    CREATE ROLE rds_superuser NOLOGIN CREATEDB CREATEROLE IN ROLE pg_monitor, pg_signal_backend;
    GRANT rds_password, rds_replication TO rds_superuser WITH ADMIN OPTION;
";
const FUNCTIONS: &str = include_str!("functions.sql");

/// Creates everything.
///
/// # Errors
/// A statement failed; the error names its purpose.
pub(super) async fn set_up(postgres: &Postgres, cluster: &Cluster) -> Result<(), LabError> {
    let admin = connect(postgres, "postgres").await?;
    run(&admin, "the roles of RDS", RDS_ROLES).await?;
    if let Some(master) = &cluster.master_user {
        let what = format!("master user `{}`", master.name);
        run(&admin, &what, &create_master(master)).await?;
        // Only PostgreSQL 16 and later need the grant: before, CREATEROLE is enough.
        run(&admin, &what, &grant_iam_admin(master)).await?;
    }
    for user in &cluster.users {
        run(&admin, &format!("role `{}`", user.name), &create_role(user)).await?;
    }
    for database in &cluster.databases {
        let what = format!("database `{database}`");
        run(&admin, &what, &create_database(database)).await?;
        run(&admin, &what, &grant_database(database, &cluster.users)).await?;
        let inside = connect(postgres, database).await?;
        run(&inside, &what, &grant_schema(database, &cluster.users)).await?;
        run(&inside, "Aurora's functions", FUNCTIONS).await?;
    }
    run(&admin, "Aurora's functions", FUNCTIONS).await?;
    let template = connect(postgres, "template1").await?;
    run(&template, "Aurora's functions", FUNCTIONS).await
}

/// Runs SQL as the superuser.
pub(super) async fn execute(
    postgres: &Postgres,
    database: &str,
    sql: &str,
) -> Result<(), LabError> {
    let client = connect(postgres, database).await?;
    client
        .batch_execute(sql)
        .await
        .map_err(|error| LabError::aurora("running SQL as the superuser", error))
}

async fn connect(postgres: &Postgres, database: &str) -> Result<Client, LabError> {
    let doing = format!("connecting to `{database}`");
    postgres
        .connect(database)
        .await
        .map_err(|error| LabError::aurora(doing, error))
}

async fn run(client: &Client, what: &str, sql: &str) -> Result<(), LabError> {
    client
        .batch_execute(sql)
        .await
        .map_err(|error| LabError::aurora(format!("creating {what}"), error))
}

fn create_role(user: &DatabaseUser) -> String {
    let login = if user.login { "LOGIN" } else { "NOLOGIN" };
    let mut sql = format!("CREATE ROLE {} {login}", identifier(&user.name));
    if let Some(password) = &user.password {
        sql.push_str(" PASSWORD ");
        sql.push_str(&literal(password.expose()));
    }
    for group in &user.member_of {
        let _ = write!(
            sql,
            "; GRANT {} TO {}",
            identifier(group),
            identifier(&user.name)
        );
    }
    sql
}

/// The master user as RDS creates it (RDS User Guide, "Master user account privileges").
fn create_master(master: &MasterUser) -> String {
    let name = identifier(&master.name);
    let password = master.password.as_ref().map_or_else(String::new, |text| {
        format!(" PASSWORD {}", literal(text.expose()))
    });
    format!("CREATE ROLE {name} LOGIN CREATEDB CREATEROLE{password}; GRANT rds_superuser TO {name}")
}

/// On RDS, members of `rds_superuser` may grant `rds_iam` without being members of it. On PostgreSQL 16 and later, that
/// takes a membership that neither inherits nor can be assumed; [`directory`](super::directory) does not count it.
fn grant_iam_admin(master: &MasterUser) -> String {
    let name = identifier(&master.name);
    if master.password.is_none() {
        return format!("GRANT {IAM_ROLE} TO {name} WITH ADMIN OPTION");
    }
    format!(
        "DO $$ BEGIN IF current_setting('server_version_num')::int >= 160000 THEN
           EXECUTE {};
         END IF; END $$",
        literal(&format!(
            "GRANT {IAM_ROLE} TO {name} WITH ADMIN TRUE, INHERIT FALSE, SET FALSE"
        ))
    )
}

/// A separate statement, because CREATE DATABASE cannot run in the implicit transaction of several statements.
fn create_database(database: &str) -> String {
    format!("CREATE DATABASE {}", identifier(database))
}

/// Grants CONNECT only to the users in the world file, so that `permission denied for database` can be tested.
fn grant_database(database: &str, users: &[DatabaseUser]) -> String {
    let name = identifier(database);
    let mut sql = format!("REVOKE CONNECT ON DATABASE {name} FROM PUBLIC");
    for user in with_access(database, users) {
        let _ = write!(sql, "; GRANT ALL ON DATABASE {name} TO {user}");
    }
    sql
}

fn grant_schema(database: &str, users: &[DatabaseUser]) -> String {
    let users: Vec<String> = with_access(database, users).collect();
    if users.is_empty() {
        String::new()
    } else {
        format!("GRANT ALL ON SCHEMA public TO {}", users.join(", "))
    }
}

fn with_access<'a>(
    database: &'a str,
    users: &'a [DatabaseUser],
) -> impl Iterator<Item = String> + 'a {
    users
        .iter()
        .filter(move |user| user.databases.iter().any(|name| name == database))
        .map(|user| identifier(&user.name))
}

/// Quotes an SQL identifier.
pub(super) fn identifier(name: &str) -> String {
    format!("\"{}\"", name.replace('"', "\"\""))
}

/// Quotes an SQL string, independently of `standard_conforming_strings`.
fn literal(text: &str) -> String {
    format!("E'{}'", text.replace('\\', "\\\\").replace('\'', "''"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::secret::Secret;

    fn user(name: &str) -> DatabaseUser {
        DatabaseUser {
            name: name.to_owned(),
            login: true,
            password: None,
            member_of: Vec::new(),
            databases: vec!["shop".to_owned()],
        }
    }

    #[test]
    fn names_and_passwords_are_quoted() {
        let mut user = user("o\"r");
        user.password = Some(Secret::new("it's \\"));
        user.member_of = vec![IAM_ROLE.to_owned()];
        assert_eq!(
            create_role(&user),
            r#"CREATE ROLE "o""r" LOGIN PASSWORD E'it''s \\'; GRANT "rds_iam" TO "o""r""#
        );
    }

    #[test]
    fn only_named_users_may_connect() {
        let mut stranger = user("stranger");
        stranger.databases.clear();
        assert_eq!(
            grant_database("shop", &[user("clerk"), stranger]),
            r#"REVOKE CONNECT ON DATABASE "shop" FROM PUBLIC; GRANT ALL ON DATABASE "shop" TO "clerk""#
        );
    }
}
