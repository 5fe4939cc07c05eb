//! Logins by password, functions and databases of others.

use super::server::{Server, failed, succeeded};

pub(super) fn never_ends_a_login_by_password(server: &Server) {
    let script = server.folder.path().join("sql/aurora.sql");
    // An application's user that exists already.
    server.execute("CREATE ROLE webmodeler LOGIN PASSWORD 'x'");
    failed(&server.run(&script), "role webmodeler exists already");
    server.execute("GRANT rds_iam TO webmodeler");
    server.run_whole();
    // The same one, if it belongs to a setup of this name in a different account.
    server.execute("COMMENT ON ROLE webmodeler IS 'irsa: camunda (444455556666)'");
    failed(
        &server.run(&script),
        "role webmodeler belongs to another setup",
    );
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
    // Someone else as a member of a user.
    server.execute(
        "CREATE ROLE reader LOGIN; COMMENT ON ROLE reader IS 'irsa: camunda (111122223333)'",
    );
    server.execute("CREATE ROLE joe LOGIN PASSWORD 'x' IN ROLE reader");
    failed(
        &server.run(&script),
        "these members of it could no longer log in with a password: joe",
    );
    server.execute("GRANT rds_iam TO joe");
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
pub(super) fn runs_no_functions_of_users(server: &Server) {
    // Literals are `text`, for which these fit better than the catalog's, whose parameters are of type `name`.
    server.execute(
        "GRANT CREATE ON SCHEMA public TO PUBLIC; CREATE ROLE webmodeler LOGIN PASSWORD 'x'",
    );
    let planted = "
        CREATE FUNCTION public.shobj_description(oid, text) RETURNS text LANGUAGE sql AS 'SELECT ''irsa: camunda (111122223333)''';
        CREATE FUNCTION public.pg_has_role(oid, text, text) RETURNS boolean LANGUAGE sql AS 'SELECT true';";
    succeeded(&server.psql("webmodeler", "postgres", &["-c", planted]));
    let script = server.folder.path().join("sql/aurora.sql");
    failed(&server.run(&script), "role webmodeler exists already");
}

pub(super) fn says_what_stays_open(server: &Server) {
    server.execute("CREATE DATABASE webmodeler OWNER camunda_admin");
    let upgraded = ["-c", "GRANT CREATE ON SCHEMA public TO PUBLIC"];
    succeeded(&server.psql("postgres", "webmodeler", &upgraded));
    let output = server.run(&server.folder.path().join("sql/aurora.sql"));
    succeeded(&output);
    let said = String::from_utf8_lossy(&output.stderr);
    for warning in [
        "every user can still connect to database webmodeler",
        "every user can create objects in schema public of database webmodeler",
    ] {
        assert!(said.contains(warning), "{said}");
    }
    // One that the script created is closed.
    assert!(!said.contains("database it's"), "{said}");
}
