//! Drivers of five languages: through the proxy each has the same results as without it.

use std::collections::BTreeMap;

use interop::client::{self, Check, Client};
use interop::target::{SslMode, Target};

use crate::stage::{USER, stage};

#[test]
fn psycopg_sees_the_same() {
    sees_the_same(Client::Psycopg, 19);
}

#[test]
fn node_postgres_sees_the_same() {
    sees_the_same(Client::NodePostgres, 18);
}

#[test]
fn pgx_sees_the_same() {
    sees_the_same(Client::Pgx, 16);
}

#[test]
fn pgjdbc_sees_the_same() {
    sees_the_same(Client::Pgjdbc, 20);
}

/// Runs a client's checks without a proxy, through it without TLS, and through it with its certificate verified.
fn sees_the_same(client: Client, checks: usize) {
    if client.unless_missing().is_none() {
        return;
    }
    let stage = stage();
    let proxy = stage.proxy();
    let plain = proxy.target(USER, USER);
    let tls = Target {
        host: "localhost".to_owned(),
        ..plain.clone()
    }
    .with_tls(SslMode::VerifyFull, Some(&proxy.ca_file()));
    let expected = run(client, &stage.direct().target());
    assert_eq!(expected.len(), checks, "{:?}", expected.keys());
    let failed: Vec<_> = expected
        .iter()
        .filter(|(_, check)| check.result.is_err())
        .collect();
    assert!(failed.is_empty(), "without a proxy: {failed:#?}");
    for (way, target) in [("in clear text", plain), ("over TLS", tls)] {
        let seen = run(client, &target);
        let differing: Vec<_> = expected
            .iter()
            .filter(|(name, check)| seen.get(*name) != Some(check))
            .collect();
        let instead: Vec<_> = differing.iter().map(|(name, _)| seen.get(*name)).collect();
        assert!(
            differing.is_empty(),
            "{way}: {differing:#?} became {instead:#?}\n{}",
            proxy.log()
        );
    }
}

fn run(client: Client, target: &Target) -> BTreeMap<String, Check> {
    let program = client.unless_missing().expect("it ran before");
    let checks = client::checks(program, target).unwrap();
    checks
        .into_iter()
        .map(|check| (check.name.clone(), check))
        .collect()
}
