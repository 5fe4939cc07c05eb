//! Scripts that run again, and scripts that were interrupted.

use std::fs;

use super::server::{Server, failed, succeeded};

/// Roles that the administrator has the permissions of. Before PostgreSQL 16, that is each role that it is a member of.
const INHERITED: &str =
    "SELECT count(*) FROM pg_auth_members m WHERE member = 'camunda_admin'::regrole
      AND coalesce((to_jsonb(m) ->> 'inherit_option')::boolean, true)";

pub(super) fn runs_again_and_every_user_has_what_is_its_own(server: &Server) {
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

pub(super) fn completes_a_script_that_was_interrupted_anywhere(server: &Server) {
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
