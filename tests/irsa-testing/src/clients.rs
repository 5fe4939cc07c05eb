//! Programs that a test needs and that a machine can lack.

use std::env;
use std::fmt::Display;
use std::io::{self, Write as _};
use std::path::PathBuf;

/// Prints why a test is skipped.
///
/// # Panics
/// `IRSA_REQUIRE_CLIENTS=1`.
#[track_caller]
pub fn skip(reason: impl Display) {
    let is_required = env::var_os("IRSA_REQUIRE_CLIENTS").is_some_and(|value| value == "1");
    assert!(!is_required, "{reason}");
    print_line(&format!("skipped: {reason}"));
}

/// Prints a line that the test harness does not capture: it would show it only if the test fails.
pub fn print_line(line: &str) {
    let mut output = io::stderr().lock();
    writeln!(output, "{line}").unwrap();
}

/// Returns the directory of a client that `cargo xtask test` prepares. If it is missing, prints why the test is
/// skipped.
///
/// # Panics
/// The client is missing and `IRSA_REQUIRE_CLIENTS=1`.
#[track_caller]
pub fn prepared_client(name: &str) -> Option<PathBuf> {
    let folder = env::var_os("IRSA_CLIENTS_DIR").map(|clients| PathBuf::from(clients).join(name));
    let prepared = folder.filter(|folder| folder.join(".made-from").is_file());
    if prepared.is_none() {
        skip(format_args!(
            "the client `{name}` is missing; `cargo xtask test prepare` installs it or prints why not"
        ));
    }
    prepared
}
