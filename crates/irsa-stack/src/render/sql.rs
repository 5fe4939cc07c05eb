//! Scripts for psql. They can be run again at any time, also after they were interrupted, by an administrator who is not a
//! superuser.

use std::fmt::Write as _;

use crate::render::File;
use crate::sql::{
    DatabaseObject, PostgresObjects, REVOKE_PUBLIC_CREATE, UserObject, grant_schema,
    grant_schema_usage, identifier, literal,
};
use crate::stack::{Placeholder, PostgresPrivileges, PostgresStore, PostgresUse, Stack, Workload};

/// Hides objects of users behind the catalog's. A database that was upgraded from before PostgreSQL 15 may let every user
/// create functions in `public`, which would run with the administrator's rights.
const SAFE_PATH: &str = "SET search_path = pg_catalog, pg_temp;\n";

/// Keeps CREATE ROLE from making the administrator a member that inherits, where the server has this setting.
const NO_SELF_GRANT: &str = "SELECT count(set_config(name, '', false)) AS self_grants FROM pg_settings \
                             WHERE name = 'createrole_self_grant' \\gset\n\n";

/// Refuses to enable IAM authentication where that would end a login by password.
///
/// For a role with members, it would be theirs, the administrator's among them: from PostgreSQL 16 on, CREATE ROLE makes
/// its creator a member without INHERIT, which does not count. For a role that this setup did not create, it
/// would be an application's; one of a different setup is never taken over.
const GUARDS: &str = r"CREATE FUNCTION pg_temp.inherits(member name, target name) RETURNS boolean LANGUAGE plpgsql AS $irsa$
DECLARE
  condition text := '';
  found boolean;
BEGIN
  IF current_setting('server_version_num')::int >= 160000 THEN
    condition := 'AND m.inherit_option';
  END IF;
  EXECUTE format('WITH RECURSIVE path AS (
      SELECT oid FROM pg_roles WHERE rolname = $1
      UNION
      SELECT m.roleid FROM pg_auth_members m JOIN path ON m.member = path.oid WHERE true %s)
    SELECT EXISTS (SELECT FROM path JOIN pg_roles r USING (oid) WHERE r.rolname = $2)', condition)
    INTO found USING member, target;
  RETURN found;
END
$irsa$;

CREATE FUNCTION pg_temp.check_user(target name, mark text) RETURNS void LANGUAGE plpgsql AS $irsa$
DECLARE
  found text := (SELECT shobj_description(oid, 'pg_authid') FROM pg_roles WHERE rolname = target);
BEGIN
  IF found LIKE 'irsa: %' AND found <> mark THEN
    RAISE EXCEPTION 'role % belongs to another setup: %', target, found
      USING HINT = 'Choose another user in irsa.yaml, or hand it over by COMMENT ON ROLE.';
  END IF;
  IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = target AND NOT rolsuper
      AND (found = mark OR pg_temp.inherits(target, 'rds_iam'))) THEN
    RAISE EXCEPTION 'role % exists already: with rds_iam, its login by password would stop working', target
      USING HINT = 'Choose another user in irsa.yaml, or run GRANT rds_iam yourself once nothing logs in by password.';
  END IF;
END
$irsa$;

CREATE FUNCTION pg_temp.check_members(target name, mark text) RETURNS void LANGUAGE plpgsql AS $irsa$
DECLARE
  others text := (SELECT string_agg(format('%I', rolname), ', ' ORDER BY rolname) FROM pg_roles
    WHERE rolcanlogin AND rolname <> target AND rolname <> current_user AND pg_temp.inherits(rolname, target)
      AND NOT pg_temp.inherits(rolname, 'rds_iam') AND shobj_description(oid, 'pg_authid') IS DISTINCT FROM mark);
BEGIN
  IF pg_temp.inherits(current_user, target) THEN
    RAISE EXCEPTION 'administrator % is a member of %: with rds_iam its password would stop working', current_user, target
      USING HINT = format('REVOKE %I FROM %I;', target, current_user);
  END IF;
  IF others IS NOT NULL THEN
    RAISE EXCEPTION 'with rds_iam for %, these members of it could no longer log in with a password: %', target, others
      USING HINT = format('Revoke their membership in %I.', target);
  END IF;
END
$irsa$;
";

/// A script for each cluster, and one for each reader, which the owner of the database runs.
pub(super) fn files(stack: &Stack) -> Vec<File> {
    let mut files = Vec::new();
    for store in &stack.postgres {
        files.push(File {
            path: format!("sql/{}.sql", store.key),
            text: store_script(stack, store),
        });
        let readers = stack.uses_of_postgres(store);
        let readers = readers.filter(|(_, used)| used.privileges == PostgresPrivileges::Read);
        files.extend(
            readers.filter_map(|(workload, used)| reader_file(stack, store, workload, used)),
        );
    }
    files
}

fn store_script(stack: &Stack, store: &PostgresStore) -> String {
    let (host, port) = (&store.endpoint, store.port);
    let mut text = format!(
        "-- PostgreSQL {} {}: databases, users, IAM authentication.\n\
         -- Run it as the administrator: psql \"host=HOST port={port} dbname=postgres user=ADMIN sslmode=verify-full\" -f FILE\n\
         -- Keep a second session open until the administrator has logged in again: it could take a GRANT back.\n",
        store.kind.noun(),
        store.identifier
    );
    if !stack
        .placeholders
        .contains(&Placeholder::Postgres(store.key.clone()))
    {
        let _ = writeln!(text, "-- HOST is {host}");
    }
    text += "\n\\set ON_ERROR_STOP on\n\n";
    text += SAFE_PATH;
    text += NO_SELF_GRANT;
    text += GUARDS;
    let objects = PostgresObjects::for_store(stack, store);
    for user in &objects.users {
        text += &user_statements(user, &objects.mark);
    }
    for database in &objects.databases {
        text += &database_statements(database, &objects.mark);
    }
    text
}

fn user_statements(user: &UserObject, mark: &str) -> String {
    let (name, mark_literal) = (literal(&user.name), literal(mark));
    let [create, comment] = user.create(mark);
    let mut text = format!(
        "\n-- User {shown}\n\
         SELECT NOT EXISTS (SELECT FROM pg_roles WHERE rolname = {name}) AS is_missing \\gset\n\
         \\if :is_missing\n\
         BEGIN;\n\
         {create};\n\
         {comment};\n\
         COMMIT;\n\
         \\endif\n\
         SELECT pg_temp.check_user({name}, {mark_literal}) \\gset\n\
         SELECT pg_temp.check_members({name}, {mark_literal}) \\gset\n",
        shown = comment_text(&user.name),
    );
    if let Some([member, session]) = user.act() {
        let _ = writeln!(text, "BEGIN;\n{member};\n{session};\nCOMMIT;");
    }
    let _ = writeln!(text, "{};", user.grant_iam());
    text
}

/// A database that this script creates takes connections only when no one else can connect to it, so that an
/// interrupted run leaves nothing open.
fn database_statements(database: &DatabaseObject, mark: &str) -> String {
    let name = literal(&database.name);
    let create = database.create();
    let mut text = format!(
        "\n-- Database {shown}\n\
         SELECT NOT EXISTS (SELECT FROM pg_database WHERE datname = {name}) AS is_missing \\gset\n\
         \\if :is_missing\n\
         {create};\n\
         \\endif\n\
         SELECT EXISTS (SELECT FROM pg_database WHERE datname = {name} AND NOT datallowconn AND datconnlimit = 0) \
         AS is_new \\gset\n\
         \\if :is_new\n",
        shown = comment_text(&database.name),
    );
    for statement in database.open(mark) {
        let _ = writeln!(text, "{statement};");
    }
    text += "\\endif\n";
    let (writers, readers) = (&database.writers, &database.readers);
    let grants = writers.iter().map(|user| database.grant_all(user));
    let grants = grants.chain(readers.iter().map(|user| database.grant_connect(user)));
    for grant in grants {
        let _ = writeln!(text, "{grant};");
    }
    if database.is_exclusive {
        text += &exclusive_warning(database);
    }
    let _ = writeln!(text, "{}", connect(&database.name));
    text += SAFE_PATH;
    let grants = writers.iter().map(|user| grant_schema(user));
    let grants = grants.chain(readers.iter().map(|user| grant_schema_usage(user)));
    for grant in grants {
        let _ = writeln!(text, "{grant};");
    }
    text + &creation_warning(database)
}

/// Says that the database stays open: closing it needs the users who work in it, which only `irsa apply sql` looks up.
fn exclusive_warning(database: &DatabaseObject) -> String {
    format!(
        "SELECT has_database_privilege('public', {name}, 'CONNECT') AS is_open \\gset\n\
         \\if :is_open\n\
         \\warn 'every user can still connect to database {shown}: only irsa apply sql sets exclusive'\n\
         \\endif\n",
        name = literal(&database.name),
        shown = warning_text(&database.name),
    )
}

/// Says that every user can create objects, as in a database that was upgraded from before PostgreSQL 15.
fn creation_warning(database: &DatabaseObject) -> String {
    format!(
        "SELECT has_schema_privilege('public', 'public', 'CREATE') AS is_open \\gset\n\
         \\if :is_open\n\
         \\warn 'every user can create objects in schema public of database {shown}: {REVOKE_PUBLIC_CREATE}'\n\
         \\endif\n",
        shown = warning_text(&database.name),
    )
}

/// A name in a quoted argument of a meta-command.
fn warning_text(name: &str) -> String {
    comment_text(name).replace('\\', "\\\\").replace('\'', "''")
}

/// Only the owner of tables can let others read them; the administrator is not a member of the owner, on purpose.
fn reader_file(
    stack: &Stack,
    store: &PostgresStore,
    workload: &Workload,
    used: &PostgresUse,
) -> Option<File> {
    let database = store
        .databases
        .iter()
        .find(|one| one.name == used.database)?;
    let mut owners = stack.uses_of_postgres(store);
    let is_owner = |one: &PostgresUse| {
        one.user == database.owner || one.acts_as.as_ref() == Some(&database.owner)
    };
    let (owner, owner_use) = owners.find(|(_, one)| is_owner(one))?;
    let reader = identifier(&used.user);
    let text = format!(
        "-- {reader_key} reads what {owner_key} writes.\n\
         -- Run it as the owner of the tables, user {owner_name}, in the database {name}.\n\
         \n\
         \\set ON_ERROR_STOP on\n\
         \n\
         GRANT SELECT ON ALL TABLES IN SCHEMA public TO {reader};\n\
         ALTER DEFAULT PRIVILEGES IN SCHEMA public GRANT SELECT ON TABLES TO {reader};\n",
        reader_key = workload.key,
        owner_key = owner.key,
        owner_name = comment_text(&owner_use.user),
        name = comment_text(&used.database),
    );
    Some(File {
        path: format!("sql/{}.{}-as-owner.sql", store.key, workload.key),
        text,
    })
}

/// A name in a comment of one line.
fn comment_text(name: &str) -> String {
    irsa_chain::untrusted::printable(name).to_string()
}

/// The meta-command of psql that connects to a database, as `pg_dump` writes it: psql would read some names as connection
/// strings.
fn connect(database: &str) -> String {
    let is_plain = database
        .chars()
        .all(|char| char.is_ascii_alphanumeric() || char == '_');
    if is_plain {
        return format!("\\connect \"{database}\"");
    }
    let value = database.replace('\\', "\\\\").replace('\'', "\\'");
    format!(
        "\\connect -reuse-previous=on {}",
        identifier(&format!("dbname='{value}'"))
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_is_no_connection_string() {
        assert_eq!(connect("Orders_1"), "\\connect \"Orders_1\"");
        assert_eq!(
            connect("host=evil 'x\"\\"),
            "\\connect -reuse-previous=on \"dbname='host=evil \\'x\"\"\\\\'\""
        );
    }
}
