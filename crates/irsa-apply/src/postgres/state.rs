//! What the cluster has, from its catalog, which every user can read.

use tokio_postgres::Row;

use super::session::Session;
use crate::ApplyError;

/// A role.
#[derive(Debug)]
pub(super) struct RoleState {
    pub(super) can_log_in: bool,
    pub(super) is_superuser: bool,
    pub(super) comment: Option<String>,
    pub(super) iam: IamState,
}

/// How a role is a member of `rds_iam`. Only paths on which every membership inherits count, since others may not make a
/// login by password impossible.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum IamState {
    /// It is not, and logs in by password.
    Password,
    /// By other roles.
    Indirect,
    /// By a grant to itself.
    Direct,
}

/// A database.
#[derive(Debug)]
pub(super) struct DatabaseState {
    /// Whether it was created by a run that was interrupted before it opened it.
    pub(super) is_new: bool,
    pub(super) comment: Option<String>,
    /// Whether every user can connect.
    pub(super) is_public: bool,
}

/// PostgreSQL 16 has a column `inherit_option` for each membership. On earlier versions, all memberships count.
const ROLE: &str = "
    SELECT r.rolcanlogin, r.rolsuper, shobj_description(r.oid, 'pg_authid'),
      EXISTS (SELECT FROM pg_auth_members m JOIN pg_roles g ON g.oid = m.roleid
        WHERE m.member = r.oid AND g.rolname = 'rds_iam'
          AND coalesce((to_jsonb(m) ->> 'inherit_option')::boolean, true))
    FROM pg_roles r WHERE r.rolname = $1::text";

const IS_MEMBER: &str = "
    WITH RECURSIVE path (oid) AS (
      SELECT oid FROM pg_roles WHERE rolname = $1::text
      UNION
      SELECT m.roleid FROM pg_auth_members m JOIN path ON m.member = path.oid
      WHERE coalesce((to_jsonb(m) ->> 'inherit_option')::boolean, true))
    SELECT EXISTS (SELECT FROM path JOIN pg_roles r USING (oid) WHERE r.rolname = $2::text)";

const ACTS_AS: &str = "
    SELECT EXISTS (SELECT FROM pg_auth_members m
        JOIN pg_roles g ON g.oid = m.roleid JOIN pg_roles r ON r.oid = m.member
        WHERE r.rolname = $1::text AND g.rolname = $2::text
          AND coalesce((to_jsonb(m) ->> 'inherit_option')::boolean, true))
      AND EXISTS (SELECT FROM pg_db_role_setting s JOIN pg_roles r ON r.oid = s.setrole
        WHERE r.rolname = $1::text AND s.setdatabase = 0 AND s.setconfig @> ARRAY['role=' || $2::text])";

const DATABASE: &str = "
    SELECT NOT d.datallowconn AND d.datconnlimit = 0 AND shobj_description(d.oid, 'pg_database') IS NULL
        AND pg_get_userbyid(d.datdba) = current_user, shobj_description(d.oid, 'pg_database'),
      EXISTS (SELECT FROM aclexplode(coalesce(d.datacl, acldefault('d', d.datdba))) a
        WHERE a.grantee = 0 AND a.privilege_type = 'CONNECT')
    FROM pg_database d WHERE d.datname = $1::text";

const DATABASE_PRIVILEGES: &str = "
    SELECT a.privilege_type FROM pg_database d,
      aclexplode(coalesce(d.datacl, acldefault('d', d.datdba))) a JOIN pg_roles r ON r.oid = a.grantee
    WHERE d.datname = $1::text AND r.rolname = $2::text";

const SCHEMA_PRIVILEGES: &str = "
    SELECT a.privilege_type FROM pg_namespace n,
      aclexplode(coalesce(n.nspacl, acldefault('n', n.nspowner))) a JOIN pg_roles r ON r.oid = a.grantee
    WHERE n.nspname = 'public' AND (r.rolname = $1::text OR r.rolname = 'pg_database_owner' AND EXISTS (
      SELECT FROM pg_database d JOIN pg_roles o ON o.oid = d.datdba
      WHERE d.datname = current_database() AND o.rolname = $1::text))";

/// Users who can connect because everyone can.
const PUBLIC_USERS: &str = "
    SELECT l.rolname::text FROM pg_roles l, pg_database d
    WHERE d.datname = $1::text AND l.rolcanlogin AND NOT l.rolsuper AND l.rolname !~ '^(pg_|rds_)'
      AND l.rolname NOT IN ('rdsadmin', 'rdsrepladmin', 'rdstopmgr', 'rdsproxyadmin', 'rdswriteforwarduser')
      AND NOT EXISTS (SELECT FROM aclexplode(coalesce(d.datacl, acldefault('d', d.datdba))) a
        WHERE a.grantee <> 0 AND a.privilege_type = 'CONNECT' AND pg_has_role(l.oid, a.grantee, 'USAGE'))";

/// Those of them who own something in the database, have privileges there, or are connected.
const PUBLIC_USERS_AT_WORK: &str = "
      AND (EXISTS (SELECT FROM pg_shdepend s
          WHERE s.refclassid = 'pg_authid'::regclass AND s.deptype IN ('o', 'a') AND s.dbid = d.oid
            AND pg_has_role(l.oid, s.refobjid, 'MEMBER'))
        OR EXISTS (SELECT FROM pg_stat_activity s WHERE s.datid = d.oid AND s.usesysid = l.oid))";

/// Refuses servers that nothing can be set up on.
pub(super) async fn check_server(session: &Session) -> Result<(), ApplyError> {
    let sql = "SELECT current_setting('server_version_num')::int, pg_is_in_recovery(),
        EXISTS (SELECT FROM pg_roles WHERE rolname = 'rds_iam'), current_setting('server_version')";
    let Some(row) = session.first(sql, &[]).await? else {
        return Err(ApplyError::new("the server has no version"));
    };
    let (version, is_replica, has_iam): (i32, bool, bool) = (row.get(0), row.get(1), row.get(2));
    if version < 150_000 {
        let version: String = row.get(3);
        return Err(ApplyError::new(format!(
            "PostgreSQL {version} is not supported: before 15, every user can create objects in the schema public"
        ))
        .with_remedy("upgrade the cluster to PostgreSQL 15 or later"));
    }
    if is_replica {
        return Err(
            ApplyError::new("the server is a replica and accepts no changes")
                .with_remedy("use the writer endpoint of the cluster"),
        );
    }
    if !has_iam {
        return Err(
            ApplyError::new("the server has no role rds_iam, so it is not an RDS server")
                .with_remedy("check the endpoint"),
        );
    }
    Ok(())
}

pub(super) async fn role(session: &Session, name: &str) -> Result<Option<RoleState>, ApplyError> {
    let Some(row) = session.first(ROLE, &[&name]).await? else {
        return Ok(None);
    };
    let iam = if row.get(3) {
        IamState::Direct
    } else if is_member(session, name, "rds_iam").await? {
        IamState::Indirect
    } else {
        IamState::Password
    };
    Ok(Some(RoleState {
        can_log_in: row.get(0),
        is_superuser: row.get(1),
        comment: row.get(2),
        iam,
    }))
}

/// Returns whether `member` is `role` or a member of it on a path that counts for rds_iam: from PostgreSQL 16 on, where every
/// membership inherits.
pub(super) async fn is_member(
    session: &Session,
    member: &str,
    role: &str,
) -> Result<bool, ApplyError> {
    let row = session.first(IS_MEMBER, &[&member, &role]).await?;
    Ok(is_true(row))
}

/// Returns whether the sessions of `user` are those of `acts_as`.
pub(super) async fn acts_as(
    session: &Session,
    user: &str,
    acts_as: &str,
) -> Result<bool, ApplyError> {
    let row = session.first(ACTS_AS, &[&user, &acts_as]).await?;
    Ok(is_true(row))
}

pub(super) async fn database(
    session: &Session,
    name: &str,
) -> Result<Option<DatabaseState>, ApplyError> {
    let row = session.first(DATABASE, &[&name]).await?;
    Ok(row.map(|row| DatabaseState {
        is_new: row.get(0),
        comment: row.get(1),
        is_public: row.get(2),
    }))
}

/// The privileges on a database that were granted to the user itself.
pub(super) async fn database_privileges(
    session: &Session,
    database: &str,
    user: &str,
) -> Result<Vec<String>, ApplyError> {
    let rows = session
        .query(DATABASE_PRIVILEGES, &[&database, &user])
        .await?;
    Ok(texts(&rows))
}

/// The privileges on the schema `public` that were granted to the user itself, or that it has as the database's owner.
pub(super) async fn schema_privileges(
    session: &Session,
    user: &str,
) -> Result<Vec<String>, ApplyError> {
    Ok(texts(&session.query(SCHEMA_PRIVILEGES, &[&user]).await?))
}

/// Users who can connect to a database only because everyone can; with `at_work`, those of them who use it.
pub(super) async fn public_users(
    session: &Session,
    database: &str,
    at_work: bool,
) -> Result<Vec<String>, ApplyError> {
    let filter = if at_work { PUBLIC_USERS_AT_WORK } else { "" };
    let sql = format!("{PUBLIC_USERS}{filter} ORDER BY 1");
    Ok(texts(&session.query(&sql, &[&database]).await?))
}

fn texts(rows: &[Row]) -> Vec<String> {
    rows.iter().map(|row| row.get(0)).collect()
}

fn is_true(row: Option<Row>) -> bool {
    row.is_some_and(|row| row.get(0))
}
