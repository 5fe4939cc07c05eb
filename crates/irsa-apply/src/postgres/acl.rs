//! What a user was granted, and by whom.

use tokio_postgres::Row;

use super::session::Session;
use crate::ApplyError;

/// Privileges that one grantor gave a user on a database or schema.
#[derive(Debug)]
pub(super) struct Granted {
    pub(super) privileges: Vec<String>,
    pub(super) grantor: String,
    /// Whether a REVOKE by the administrator takes them back.
    pub(super) is_revocable: bool,
}

/// A membership of a user.
#[derive(Debug)]
pub(super) struct Membership {
    pub(super) role: String,
    pub(super) grantor: String,
    /// Whether the administrator granted it.
    pub(super) is_revocable: bool,
    /// Whether sessions of the user begin as this role.
    pub(super) is_setting: bool,
}

impl Membership {
    /// Returns whether an earlier run granted it for `acts_as`: each grants the membership together with the setting, in
    /// one transaction. Other memberships that the administrator granted were granted by hand.
    pub(super) fn is_of_specification(&self) -> bool {
        self.is_setting && self.is_revocable
    }
}

/// A database in which a user has privileges on objects, or owns some.
#[derive(Debug)]
pub(super) struct Trace {
    pub(super) database: String,
    pub(super) allows_connections: bool,
    pub(super) owned: i64,
}

/// Privileges on tables that one role gave a user.
#[derive(Debug)]
pub(super) struct TableGrants {
    pub(super) grantor: String,
    /// The comment on the grantor.
    pub(super) comment: Option<String>,
    /// The statements that take them back, as the grantor.
    pub(super) statements: Vec<String>,
    /// The objects that have them.
    pub(super) objects: i64,
}

/// The server makes a grant or its revocation as the owner, if the administrator has the owner's privileges. An owner's
/// own privileges are not grants.
const ON_DATABASES: &str = "
    SELECT array_agg(a.privilege_type ORDER BY a.privilege_type), pg_get_userbyid(a.grantor)::text,
      CASE WHEN pg_has_role(d.datdba, 'USAGE') THEN a.grantor = d.datdba
        ELSE pg_get_userbyid(a.grantor) = current_user END, d.datname::text
    FROM pg_database d, aclexplode(d.datacl) a JOIN pg_roles r ON r.oid = a.grantee
    WHERE r.rolname = $1::text AND d.datdba <> r.oid
    GROUP BY d.datname, d.datdba, a.grantor ORDER BY d.datname, 2";

const ON_SCHEMA: &str = "
    SELECT array_agg(a.privilege_type ORDER BY a.privilege_type), pg_get_userbyid(a.grantor)::text,
      CASE WHEN pg_has_role(n.nspowner, 'USAGE') THEN a.grantor = n.nspowner
        ELSE pg_get_userbyid(a.grantor) = current_user END
    FROM pg_namespace n, aclexplode(n.nspacl) a JOIN pg_roles r ON r.oid = a.grantee
    WHERE n.nspname = 'public' AND r.rolname = $1::text AND n.nspowner <> r.oid
    GROUP BY n.nspowner, a.grantor ORDER BY 2";

const MEMBERSHIPS: &str = "
    SELECT g.rolname::text, pg_get_userbyid(m.grantor)::text, pg_get_userbyid(m.grantor) = current_user,
      EXISTS (SELECT FROM pg_db_role_setting s WHERE s.setrole = r.oid AND s.setdatabase = 0
        AND s.setconfig @> ARRAY['role=' || g.rolname::text])
    FROM pg_auth_members m JOIN pg_roles g ON g.oid = m.roleid JOIN pg_roles r ON r.oid = m.member
    WHERE r.rolname = $1::text AND g.rolname <> 'rds_iam' AND g.rolname::text IS DISTINCT FROM $2
    ORDER BY 1, 2";

const TRACES: &str = "
    SELECT d.datname::text, d.datallowconn, count(*) FILTER (WHERE s.deptype = 'o')
    FROM pg_shdepend s JOIN pg_roles r ON r.oid = s.refobjid JOIN pg_database d ON d.oid = s.dbid
    WHERE s.refclassid = 'pg_authid'::regclass AND s.deptype IN ('a', 'o') AND r.rolname = $1::text
    GROUP BY d.datname, d.datallowconn ORDER BY 1";

/// Default privileges for tables that their owner creates later count, too.
const ON_TABLES: &str = "
    WITH reader AS (SELECT oid, rolname FROM pg_roles WHERE rolname = $1::text),
    tables AS (
      SELECT a.grantor, format('%I.%I', n.nspname, c.relname) AS name
      FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace, aclexplode(c.relacl) a
        JOIN reader ON reader.oid = a.grantee
      WHERE c.relkind IN ('r', 'p', 'v', 'm', 'f')
      GROUP BY 1, 2),
    defaults AS (
      SELECT DISTINCT d.defaclrole AS grantor, d.oid, format(
          'ALTER DEFAULT PRIVILEGES FOR ROLE %I IN SCHEMA %I REVOKE ALL ON TABLES FROM %I',
          pg_get_userbyid(d.defaclrole), n.nspname, reader.rolname) AS statement
      FROM pg_default_acl d JOIN pg_namespace n ON n.oid = d.defaclnamespace, aclexplode(d.defaclacl) a
        JOIN reader ON reader.oid = a.grantee
      WHERE d.defaclobjtype = 'r'),
    statements AS (
      SELECT grantor, 1 AS rank, count(*) AS objects,
        format('REVOKE ALL ON TABLE %s FROM %I', string_agg(name, ', ' ORDER BY name), $1::text) AS statement
      FROM tables GROUP BY grantor
      UNION ALL SELECT grantor, 2, 1, statement FROM defaults)
    SELECT pg_get_userbyid(grantor)::text, shobj_description(grantor, 'pg_authid'),
      array_agg(statement ORDER BY rank, statement), sum(objects)::bigint
    FROM statements GROUP BY grantor ORDER BY 1";

const OBJECTS: &str = "
    SELECT count(*) FROM pg_shdepend s JOIN pg_roles r ON r.oid = s.refobjid
      JOIN pg_database d ON d.oid = s.dbid AND d.datname = current_database()
    WHERE s.refclassid = 'pg_authid'::regclass AND s.deptype = 'a' AND r.rolname = $1::text
      AND NOT (s.classid = 'pg_namespace'::regclass
        AND s.objid = (SELECT oid FROM pg_namespace WHERE nspname = 'public'))";

/// The dependency of type `r` keeps a role from being dropped (PostgreSQL documentation, 53.48 "pg_shdepend").
const DATABASES_WITH_POLICIES: &str = "
    SELECT d.datname::text, count(*)
    FROM pg_shdepend s JOIN pg_roles r ON r.oid = s.refobjid JOIN pg_database d ON d.oid = s.dbid
    WHERE s.refclassid = 'pg_authid'::regclass AND s.deptype = 'r' AND r.rolname = $1::text
    GROUP BY d.datname ORDER BY 1";

const POLICIES: &str = "
    SELECT format('%I ON %s', p.polname, p.polrelid::regclass)
    FROM pg_policy p JOIN pg_roles r ON r.oid = ANY (p.polroles) WHERE r.rolname = $1::text ORDER BY 1";

const SESSIONS: &str = "
    SELECT a.pid FROM pg_stat_activity a JOIN pg_roles r ON r.oid = a.usesysid WHERE r.rolname = $1::text ORDER BY 1";

/// Returns the privileges on databases that were granted to the user itself, each with the database.
pub(super) async fn on_databases(
    session: &Session,
    user: &str,
) -> Result<Vec<(String, Granted)>, ApplyError> {
    let rows = session.query(ON_DATABASES, &[&user]).await?;
    Ok(rows.iter().map(|row| (row.get(3), granted(row))).collect())
}

/// Returns the privileges on the schema `public` of the session's database that were granted to the user itself.
pub(super) async fn on_schema(session: &Session, user: &str) -> Result<Vec<Granted>, ApplyError> {
    let rows = session.query(ON_SCHEMA, &[&user]).await?;
    Ok(rows.iter().map(granted).collect())
}

/// Returns the privileges on tables of the session's database that were granted to the user itself.
pub(super) async fn on_tables(
    session: &Session,
    user: &str,
) -> Result<Vec<TableGrants>, ApplyError> {
    let rows = session.query(ON_TABLES, &[&user]).await?;
    let grants = rows.iter().map(|row| TableGrants {
        grantor: row.get(0),
        comment: row.get(1),
        statements: row.get(2),
        objects: row.get(3),
    });
    Ok(grants.collect())
}

/// Returns the number of objects of the session's database, apart from the schema `public`, on which the user was granted
/// privileges.
pub(super) async fn objects(session: &Session, user: &str) -> Result<i64, ApplyError> {
    let row = session.first(OBJECTS, &[&user]).await?;
    Ok(row.map_or(0, |row| row.get(0)))
}

/// Returns the roles that the user is a member of, apart from `rds_iam` and the one that it acts as.
pub(super) async fn memberships(
    session: &Session,
    user: &str,
    acts_as: Option<&str>,
) -> Result<Vec<Membership>, ApplyError> {
    let rows = session.query(MEMBERSHIPS, &[&user, &acts_as]).await?;
    let memberships = rows.iter().map(|row| Membership {
        role: row.get(0),
        grantor: row.get(1),
        is_revocable: row.get(2),
        is_setting: row.get(3),
    });
    Ok(memberships.collect())
}

/// Returns the databases in which the user has privileges on objects, or owns some.
pub(super) async fn traces(session: &Session, user: &str) -> Result<Vec<Trace>, ApplyError> {
    let rows = session.query(TRACES, &[&user]).await?;
    let traces = rows.iter().map(|row| Trace {
        database: row.get(0),
        allows_connections: row.get(1),
        owned: row.get(2),
    });
    Ok(traces.collect())
}

/// Returns the databases with row-level security policies that name the user, and their numbers.
pub(super) async fn databases_with_policies(
    session: &Session,
    user: &str,
) -> Result<Vec<(String, i64)>, ApplyError> {
    let rows = session.query(DATABASES_WITH_POLICIES, &[&user]).await?;
    Ok(rows.iter().map(|row| (row.get(0), row.get(1))).collect())
}

/// Returns the row-level security policies of the session's database that name the user, each as `NAME ON TABLE`.
pub(super) async fn policies(session: &Session, user: &str) -> Result<Vec<String>, ApplyError> {
    let rows = session.query(POLICIES, &[&user]).await?;
    Ok(rows.iter().map(|row| row.get(0)).collect())
}

/// Returns the process IDs of the user's sessions.
pub(super) async fn sessions(session: &Session, user: &str) -> Result<Vec<i32>, ApplyError> {
    let rows = session.query(SESSIONS, &[&user]).await?;
    Ok(rows.iter().map(|row| row.get(0)).collect())
}

fn granted(row: &Row) -> Granted {
    Granted {
        privileges: row.get(0),
        grantor: row.get(1),
        is_revocable: row.get(2),
    }
}
