//! Names of databases and users.

use super::server::{Server, render, succeeded};

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

/// Each hostile name is one database, and one user of it. An IAM policy names the user, so it has no `$` or `*`;
/// and `reset` leaves those that begin like the superuser.
pub(super) fn takes_every_name(server: &Server) {
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
