//! Replication connections: the walsender's protocol passes both ways.

use std::fs;
use std::process::Command;

use interop::client::{self, Client, tool};
use interop::target::Target;

use crate::stage::{USER, stage};

#[test]
fn pgx_streams_physically_and_logically() {
    let Some(mut program) = Client::Pgx.unless_missing() else {
        return;
    };
    let stage = stage();
    let proxy = stage.proxy_to_direct();
    program.arg("replication");
    let checks = client::checks(program, &proxy.target(USER, USER)).unwrap();
    assert_eq!(checks.len(), 2);
    for check in checks {
        assert!(check.result.is_ok(), "{check:?}\n{}", proxy.log());
    }
}

#[test]
fn pg_recvlogical_receives_what_was_written() {
    let (Some(program), Some(_)) = (tool("pg_recvlogical"), tool("psql")) else {
        return;
    };
    let stage = stage();
    let proxy = stage.proxy_to_direct();
    let target = proxy.target(USER, USER);
    // Commits are not awaited here, so the end is where was written to, not what is on disk.
    sql(&target, "create publication received");
    sql(
        &target,
        "select pg_create_logical_replication_slot('received', 'pgoutput')",
    );
    sql(
        &target,
        "select pg_logical_emit_message(true, 'interop', 'seen through the proxy')",
    );
    let end = sql(&target, "select pg_current_wal_insert_lsn()");
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("received");
    let output = receive(program, &target, &end)
        .arg("-f")
        .arg(&file)
        .output()
        .unwrap();
    assert!(output.status.success(), "{output:?}\n{}", proxy.log());
    let received = fs::read(&file).unwrap();
    let text = b"seen through the proxy";
    assert!(
        received.windows(text.len()).any(|window| window == text),
        "{} bytes without it",
        received.len()
    );
    sql(&target, "select pg_drop_replication_slot('received')");
}

/// Ends by itself at a position of the write-ahead log.
fn receive(mut program: Command, target: &Target, end: &str) -> Command {
    target.point(&mut program).args([
        "--start",
        "--slot",
        "received",
        "--no-loop",
        "--endpos",
        end,
    ]);
    program.args([
        "-o",
        "proto_version=1",
        "-o",
        "publication_names=received",
        "-o",
        "messages=true",
    ]);
    program.args(["--dbname", &target.database]);
    program
}

fn sql(target: &Target, text: &str) -> String {
    let mut psql = tool("psql").expect("it was there");
    let output = target
        .point(&mut psql)
        .args(["-X", "-w", "-A", "-t", "-c", text])
        .output()
        .unwrap();
    assert!(output.status.success(), "{text}: {output:?}");
    String::from_utf8_lossy(&output.stdout).trim().to_owned()
}
