//! The log of a proxy: records for its start, for each session, and for its stop, in JSON without a terminal.

use std::io::{BufRead, BufReader};
use std::process::Stdio;

use rustix::process::{Pid, Signal, kill_process};
use serde_json::Value;

use crate::pod::{Pod, USER};
use crate::stage::shared;
use irsa_testing::program::{code, finish, irsa_with_keys};

const UPSTREAM: &str =
    "postgres://shop.cluster-abcdefghijkl.eu-central-1.rds.amazonaws.com?listen=127.0.0.1:0";

#[test]
fn a_session_has_a_record_at_its_start_and_at_its_end() {
    let stage = shared();
    let proxy = Pod::new(&stage).proxy(&["--log-sessions", "both"]);
    let session = proxy.connect(USER, USER).unwrap();
    proxy.logs("session started", 1);
    session.query("select repeat('x', 1000)").unwrap();
    drop(session);
    proxy.logs("session ended", 1);
    let started = &proxy.records("session started")[0];
    let ended = &proxy.records("session ended")[0];
    for record in [started, ended] {
        assert_eq!(
            (&record["user"], &record["database"]),
            (&USER.into(), &USER.into())
        );
        let client = record["client"].as_str().unwrap();
        assert!(client.starts_with("127.0.0.1:"), "{record}");
    }
    assert!(
        ended["bytes_to_client"].as_u64().unwrap() > 1_000,
        "{ended}"
    );
    assert!(ended["bytes_to_server"].as_u64().unwrap() > 20, "{ended}");
    assert!(ended["duration_seconds"].is_f64(), "{ended}");
    assert_eq!(
        (&ended["reason"], &ended["sqlstate"]),
        (&"client".into(), &Value::Null)
    );
}

#[test]
fn the_record_of_a_session_that_irsa_closes_has_its_sqlstate() {
    let stage = shared();
    let proxy = Pod::new(&stage).proxy(&["--idle-timeout", "100ms"]);
    let _session = proxy.connect(USER, USER).unwrap();
    proxy.logs("session ended", 1);
    let ended = &proxy.records("session ended")[0];
    assert_eq!(
        (&ended["reason"], &ended["sqlstate"]),
        (&"idle-timeout".into(), &"57P05".into())
    );
    assert!(proxy.records("session started").is_empty());
}

#[test]
fn sessions_are_not_logged_with_off() {
    let stage = shared();
    let proxy = Pod::new(&stage).proxy(&["--log-sessions", "off"]);
    drop(proxy.connect(USER, USER).unwrap());
    proxy.logs("relay ended", 1);
    proxy.terminate();
    proxy.logs("stopped", 1);
    assert!(proxy.records("session ended").is_empty(), "{}", proxy.log());
}

#[test]
fn a_proxy_logs_its_start_with_its_version_and_its_stop() {
    let stage = shared();
    let proxy = Pod::new(&stage).proxy(&[]);
    proxy.logs("\"started\"", 1);
    let started = &proxy.records("started")[0];
    assert_eq!(started["version"], env!("CARGO_PKG_VERSION"));
    assert_ne!(started["commit"], "");
    assert_eq!(started["identity_source"], "web-identity");
    let listeners = started["listeners"].as_str().unwrap();
    assert!(
        listeners.starts_with(&proxy.address("listening")),
        "{started}"
    );
    assert_eq!(started["status"], proxy.address("status"));
    proxy.terminate();
    proxy.logs("\"stopped\"", 1);
    assert!(proxy.records("stopped")[0]["duration_seconds"].is_f64());
    assert_eq!(proxy.ended(), 0);
}

#[test]
fn without_a_terminal_everything_is_json() {
    let mut proxy = irsa_with_keys(&["proxy", UPSTREAM, "--status-address", "off"])
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let mut printed = BufReader::new(proxy.stdout.take().unwrap()).lines();
    let first: Value = serde_json::from_str(&printed.next().unwrap().unwrap()).unwrap();
    assert!(first["listening"].is_array(), "{first}");
    kill_process(Pid::from_child(&proxy), Signal::TERM).unwrap();
    let logged = BufReader::new(proxy.stderr.take().unwrap()).lines();
    for line in logged.map(Result::unwrap) {
        let record: Value = serde_json::from_str(&line).unwrap();
        assert!(
            record["level"].is_string() && record["timestamp"].is_string(),
            "{line}"
        );
    }
    assert_eq!(code(proxy.wait().unwrap()), 0);

    let wrong = finish(&mut irsa_with_keys(&[
        "proxy",
        "mysql://x",
        "--drain-timeout",
        "soon",
    ]));
    assert_eq!(wrong.code, 2);
    assert_eq!(
        wrong.errors().len(),
        wrong.stderr.lines().count(),
        "{}",
        wrong.stderr
    );
}
