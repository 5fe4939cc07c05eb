//! psql, pg_isready and libpq when the database is unreachable or rejects the login.

use std::net::TcpListener;
use std::process::{Command, Output, Stdio};

use interop::client::tool;
use interop::proxy::Proxy;
use interop::target::{SslMode, Target};
use irsa_lab::ledger::Service;

use crate::stage::{Stage, USER, WORKLOAD, stage, start};

/// The exit code of `pg_isready` for a server that rejects connections, for example while it starts.
const REJECTING: i32 = 1;

/// Starts a proxy to an upstream on which nothing listens.
fn proxy_to_nothing(stage: &Stage) -> Proxy {
    let unused = TcpListener::bind("127.0.0.1:0").unwrap();
    let dial = unused.local_addr().unwrap();
    drop(unused);
    let cluster = stage.cluster();
    let (endpoint, port) = (&cluster.endpoint, cluster.port);
    let upstream = format!("postgres://{endpoint}:{port}?dial={dial}");
    start(&upstream, &stage.environment(WORKLOAD))
}

fn run(mut command: Command, target: &Target) -> Output {
    target.point(&mut command);
    command
        .env("HOME", "/nonexistent")
        .stdin(Stdio::null())
        .output()
        .unwrap()
}

fn psql(text: &str) -> Option<Command> {
    let mut psql = tool("psql")?;
    psql.args(["-X", "-w", "-A", "-t", "-q", "-c", text]);
    Some(psql)
}

fn said(output: &Output) -> String {
    let text = |bytes| String::from_utf8_lossy(bytes).into_owned();
    text(&output.stdout) + &text(&output.stderr)
}

#[test]
fn pg_isready_treats_an_unreachable_database_like_a_starting_one() {
    let stage = stage();
    let proxy = proxy_to_nothing(&stage);
    for mode in [SslMode::Disable, SslMode::Prefer] {
        let Some(pg_isready) = tool("pg_isready") else {
            return;
        };
        let target = proxy.target(USER, USER).with_tls(mode, None);
        let output = run(pg_isready, &target);
        let said = said(&output);
        assert_eq!(output.status.code(), Some(REJECTING), "{said}");
        assert!(said.contains("rejecting connections"), "{said}");
    }
    let Some(psql) = psql("select 1") else {
        return;
    };
    let said = said(&run(psql, &proxy.target(USER, USER)));
    assert!(said.contains("cause: endpoint-unreachable"), "{said}");
}

#[test]
fn libpq_tries_the_next_host_of_its_list() {
    let stage = stage();
    let (down, up) = (proxy_to_nothing(&stage), stage.proxy());
    let hosts = format!("{0},{0}", down.address().ip());
    let ports = format!("{},{}", down.address().port(), up.address().port());
    for mode in [SslMode::Disable, SslMode::Prefer, SslMode::Require] {
        let Some(mut psql) = psql("select current_user") else {
            return;
        };
        let target = up.target(USER, USER).with_tls(mode, None);
        target.point(&mut psql);
        psql.env("PGHOST", &hosts).env("PGPORT", &ports);
        let output = psql.stdin(Stdio::null()).output().unwrap();
        assert_eq!(said(&output).trim(), USER, "{mode:?}: {output:?}");
    }
}

#[test]
fn sslmode_prefer_causes_one_refused_login() {
    // A separate stage, because the test counts refusals of the lab.
    let stage = Stage::set();
    let proxy = stage.proxy();
    let target = proxy
        .target("webmodeler", USER)
        .with_tls(SslMode::Prefer, None);
    let Some(psql) = psql("select 1") else {
        return;
    };
    let output = run(psql, &target);
    let said = said(&output);
    let attempts = said.matches("PAM authentication failed").count();
    assert_eq!(attempts, 2, "libpq made its second attempt: {said}");
    let refusals = stage.lab().ledger().refusals;
    let refused = refusals
        .iter()
        .filter(|refusal| refusal.service == Service::Aurora);
    assert_eq!(refused.count(), 1, "{}", proxy.log());
}
