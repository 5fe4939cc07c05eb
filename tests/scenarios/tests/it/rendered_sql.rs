//! What `irsa render sql` writes, run by psql on real servers as an administrator who is not a superuser, as on RDS.

mod names;
mod others;
mod runs;
mod server;

use std::path::Path;
use std::process::Command;

use irsa_testing::skip;

use self::names::takes_every_name;
use self::others::{
    never_ends_a_login_by_password, runs_no_functions_of_users, says_what_stays_open,
};
use self::runs::{
    completes_a_script_that_was_interrupted_anywhere, runs_again_and_every_user_has_what_is_its_own,
};
use self::server::Server;

/// Debian's programs of PostgreSQL 15.
const POSTGRESQL_15: &str = "/usr/lib/postgresql/15/bin";

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
    says_what_stays_open(server);
    server.reset();
    // The last one: what it plants stays.
    runs_no_functions_of_users(server);
}

/// If psql is missing, prints why the test is skipped.
fn has_psql() -> bool {
    let found = Command::new("psql").arg("--version").output().is_ok();
    if !found {
        skip("psql is missing");
    }
    found
}
