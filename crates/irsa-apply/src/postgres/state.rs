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

/// The schema `public` of a database.
#[derive(Debug)]
pub(super) struct SchemaState {
    /// Whether every user can create objects in it.
    pub(super) is_public: bool,
    /// Whether the administrator can grant and revoke privileges on it.
    pub(super) is_ours: bool,
    pub(super) owner: String,
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

/// Login roles that are members of the role, do not log in by IAM yet, and lack our comment. Whether a role has a password
/// is not in the catalog that an administrator of RDS can read.
const PASSWORD_MEMBERS: &str = "
    WITH RECURSIVE grants AS (
      SELECT m.roleid, m.member FROM pg_auth_members m
      WHERE coalesce((to_jsonb(m) ->> 'inherit_option')::boolean, true)),
    members (oid) AS (
      SELECT oid FROM pg_roles WHERE rolname = $1::text
      UNION SELECT g.member FROM grants g JOIN members ON g.roleid = members.oid),
    iam (oid) AS (
      SELECT oid FROM pg_roles WHERE rolname = 'rds_iam'
      UNION SELECT g.member FROM grants g JOIN iam ON g.roleid = iam.oid)
    SELECT r.rolname::text FROM members JOIN pg_roles r USING (oid)
    WHERE r.rolcanlogin AND r.rolname <> $1::text AND r.oid NOT IN (SELECT oid FROM iam)
      AND shobj_description(r.oid, 'pg_authid') IS DISTINCT FROM $2::text
    ORDER BY 1";

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

/// Privileges that the user has without those of PUBLIC, which may be revoked: by a grant, as the owner, or as a member of
/// a role.
const DATABASE_PRIVILEGES: &str = "
    SELECT DISTINCT a.privilege_type FROM pg_roles r, pg_database d,
      aclexplode(coalesce(d.datacl, acldefault('d', d.datdba))) a
    WHERE d.datname = $1::text AND r.rolname = $2::text AND a.grantee <> 0 AND pg_has_role(r.oid, a.grantee, 'USAGE')";

/// Where the administrator may not make grants, those of PUBLIC count. That is so in a database that was upgraded from
/// before PostgreSQL 15, if someone else owns the schema.
const SCHEMA_PRIVILEGES: &str = "
    SELECT DISTINCT a.privilege_type FROM pg_roles r, pg_namespace n,
      aclexplode(coalesce(n.nspacl, acldefault('n', n.nspowner))) a
    WHERE n.nspname = 'public' AND r.rolname = $1::text
      AND CASE WHEN a.grantee = 0 THEN NOT has_schema_privilege(n.oid, 'CREATE WITH GRANT OPTION')
        ELSE pg_has_role(r.oid, a.grantee, 'USAGE') END";

const SCHEMA: &str = "
    SELECT EXISTS (SELECT FROM aclexplode(coalesce(n.nspacl, acldefault('n', n.nspowner))) a
        WHERE a.grantee = 0 AND a.privilege_type = 'CREATE'),
      has_schema_privilege(n.oid, 'CREATE WITH GRANT OPTION'), pg_get_userbyid(n.nspowner)::text
    FROM pg_namespace n WHERE n.nspname = 'public'";

/// Owners of objects in the schema who could not create others without the privilege of PUBLIC.
const PUBLIC_CREATORS: &str = "
    SELECT DISTINCT r.rolname::text FROM pg_namespace n
      JOIN (SELECT relnamespace AS namespace, relowner AS owner FROM pg_class
        UNION SELECT pronamespace, proowner FROM pg_proc
        UNION SELECT typnamespace, typowner FROM pg_type) o ON o.namespace = n.oid
      JOIN pg_roles r ON r.oid = o.owner
    WHERE n.nspname = 'public' AND NOT r.rolsuper
      AND NOT EXISTS (SELECT FROM aclexplode(coalesce(n.nspacl, acldefault('n', n.nspowner))) a
        WHERE a.grantee <> 0 AND a.privilege_type = 'CREATE' AND pg_has_role(r.oid, a.grantee, 'USAGE'))
    ORDER BY 1";

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

/// Returns the members of a role, except the setup's own users, whose login by password rds_iam for the role would end.
pub(super) async fn password_members(
    session: &Session,
    role: &str,
    mark: &str,
) -> Result<Vec<String>, ApplyError> {
    let rows = session.query(PASSWORD_MEMBERS, &[&role, &mark]).await?;
    Ok(texts(&rows))
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

/// The schema `public` of the session's database, if it exists.
pub(super) async fn schema(session: &Session) -> Result<Option<SchemaState>, ApplyError> {
    let row = session.first(SCHEMA, &[]).await?;
    Ok(row.map(|row| SchemaState {
        is_public: row.get(0),
        is_ours: row.get(1),
        owner: row.get(2),
    }))
}

/// Users who create objects in the schema `public` because everyone can.
pub(super) async fn public_creators(session: &Session) -> Result<Vec<String>, ApplyError> {
    Ok(texts(&session.query(PUBLIC_CREATORS, &[]).await?))
}

/// The privileges on a database that the user has, without those that everyone has.
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

/// The privileges on the schema `public` that the user has, without those that everyone has and that may be revoked.
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

// === impl DatabaseState ===

impl DatabaseState {
    /// Returns whether the setup with this mark created it.
    pub(super) fn is_marked(&self, mark: &str) -> bool {
        self.comment.as_deref() == Some(mark)
    }
}

fn texts(rows: &[Row]) -> Vec<String> {
    rows.iter().map(|row| row.get(0)).collect()
}

fn is_true(row: Option<Row>) -> bool {
    row.is_some_and(|row| row.get(0))
}
