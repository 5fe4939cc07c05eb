//! The environment of the command of `irsa exec`.

use std::collections::BTreeSet;
use std::path::Path;

use irsa_components::cache;
use irsa_components::postgres::PostgresBinaries;

use crate::pod::Pod;
use crate::stage::shared;
use irsa_testing::program::{Finished, finish, irsa, irsa_with_keys};

const ENDPOINT: &str = "shop.cluster-abcdefghijkl.eu-central-1.rds.amazonaws.com";

/// Runs a shell script with a database that does not exist.
fn run(variables: &[(&str, &str)], arguments: &[&str], script: &str) -> Finished {
    let upstream = format!("postgres://{ENDPOINT}?dial=127.0.0.1:1");
    let mut command = irsa_with_keys(&["exec", "--log-level", "error", "--upstream", &upstream]);
    command.args(arguments).args(["--", "sh", "-c", script]);
    finish(command.envs(variables.iter().copied()))
}

/// Returns the lines on standard error that are not log records.
fn notes(finished: &Finished) -> Vec<&str> {
    let lines = finished.stderr.lines();
    lines
        .filter_map(|line| line.strip_prefix("irsa: "))
        .collect()
}

#[test]
fn variables_that_bypass_irsa_are_removed_and_listed_in_one_line() {
    let variables = [
        ("PGSERVICE", "production"),
        ("PGHOSTADDR", "192.0.2.1"),
        ("PGREQUIREAUTH", "scram-sha-256"),
        ("PGHOST", "192.0.2.1"),
        ("PGUSER", "shop"),
    ];
    let finished = run(
        &variables,
        &[],
        "echo $PGSERVICE$PGHOSTADDR$PGREQUIREAUTH-$PGUSER",
    );
    assert_eq!(finished.printed(), "-shop");
    let expected =
        "environment of the command: removed PGHOSTADDR, PGSERVICE, PGREQUIREAUTH; replaced PGHOST";
    assert_eq!(notes(&finished), [expected]);
}

#[test]
fn nothing_is_printed_if_nothing_was_set() {
    let finished = run(&[], &[], "echo $PGPORT");
    assert_eq!(finished.printed(), "5432");
    assert_eq!(finished.stderr, "");
}

#[test]
fn a_client_that_verifies_finds_the_generated_ca() {
    let script = "grep -c BEGIN $PGSSLROOTCERT; dirname $PGSSLROOTCERT; echo $PGHOST";
    let variables = [
        ("PGSSLMODE", "verify-full"),
        ("PGSSLROOTCERT", "/nowhere/rds.pem"),
    ];
    let finished = run(&variables, &[], script);
    let lines: Vec<&str> = finished.printed().lines().collect();
    assert_eq!(lines[0], "1");
    assert_eq!(lines[1], lines[2], "beside the socket");
    assert_eq!(
        notes(&finished),
        ["environment of the command: replaced PGSSLROOTCERT"]
    );
    assert!(!Path::new(lines[1]).exists());
}

#[test]
fn a_url_that_bypasses_irsa_is_kept_with_a_warning() {
    let url = format!("postgres://shop:hush-hush@{ENDPOINT}/shop");
    let finished = run(&[("DATABASE_URL", &url)], &[], "echo $DATABASE_URL");
    assert_eq!(finished.printed(), url);
    let [warning] = notes(&finished)[..] else {
        panic!("{}", finished.stderr);
    };
    assert!(
        warning.starts_with(&format!("DATABASE_URL contains `{ENDPOINT}`")),
        "{warning}"
    );
    assert!(
        !finished.stderr.contains("hush-hush"),
        "{}",
        finished.stderr
    );
}

#[test]
fn the_environment_of_the_lab_does_not_bypass_irsa() {
    let stage = shared();
    let finished = Pod::new(&stage).irsa(&["exec", "--log-level", "error", "--", "true"]);
    assert_eq!(finished.code, 0, "{}", finished.stderr);
    assert_eq!(notes(&finished), [""; 0]);
}

/// Compares the settings page, which lists the variables, with libpq itself.
#[test]
fn every_variable_that_libpq_reads_is_listed() {
    let stage = shared();
    let cache = cache::folder(std::env::var_os).unwrap();
    let located = PostgresBinaries::locate(None, &cache, &|_| {});
    let binaries = stage.block_on(located).unwrap();
    let libpq = binaries.folder().with_file_name("lib").join("libpq.so.5");
    let read = variables_in(&std::fs::read(&libpq).unwrap());
    assert!(read.len() > 35 && read.contains("PGSERVICE"), "{read:?}");
    let page = finish(&mut irsa(&["reference"]));
    for name in &read {
        let row = format!("| `{name}` | ");
        assert!(page.printed().contains(&row), "{name} is not listed");
    }
}

/// Returns the names of variables among the strings of a library. Some strings of libpq's functions have the same
/// prefix.
fn variables_in(library: &[u8]) -> BTreeSet<String> {
    let strings = library.split(|byte| *byte == 0);
    let strings = strings.filter_map(|text| std::str::from_utf8(text).ok());
    let is_name = |text: &&str| {
        let letters = text.strip_prefix("PG").unwrap_or_default();
        letters.len() > 1
            && letters
                .bytes()
                .all(|byte| byte.is_ascii_uppercase() || byte == b'_')
            && !letters.starts_with("RES_")
    };
    strings.filter(is_name).map(str::to_owned).collect()
}
