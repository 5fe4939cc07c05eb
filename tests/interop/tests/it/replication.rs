//! Replication connections: the walsender protocol passes in both directions.

use std::collections::BTreeMap;
use std::ffi::OsString;
use std::fs;
use std::path::Path;
use std::process::Command;

use interop::client::{self, Client, folder_with_server, tool};
use interop::server::{TrustingPostgres, binaries_in};
use interop::target::{SslMode, Target};
use tokio::runtime::Runtime;

use crate::stage::{USER, proxy_to, stage};

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
fn pg_recvlogical_receives_written_rows() {
    let (Some(program), Some(_)) = (tool("pg_recvlogical"), tool("psql")) else {
        return;
    };
    let stage = stage();
    let proxy = stage.proxy_to_direct();
    let target = proxy.target(USER, USER);
    // Commits are asynchronous here, so the end is the insert position, not the flushed one.
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

/// Through the proxy and direct, the files are identical byte by byte.
#[test]
fn pg_receivewal_receives_whole_segments() {
    let Some(programs) = folder_with_server("pg_receivewal") else {
        return;
    };
    let runtime = Runtime::new().unwrap();
    let server = runtime.block_on(async {
        let binaries = binaries_in(&programs).await.unwrap();
        TrustingPostgres::start_from(&binaries, USER, USER).await
    });
    let server = server.unwrap();
    let proxy = proxy_to(&server);
    let target = proxy.target(USER, USER);
    for slot in ["proxied", "straight"] {
        let create = format!("select pg_create_physical_replication_slot('{slot}', true)");
        sql(&target, &create);
    }
    sql(
        &target,
        "create table filler as select repeat('seen through the proxy ', 10) from generate_series(1, 10000)",
    );
    sql(&superuser(&server), "select pg_switch_wal()");
    let end = sql(&target, "select pg_current_wal_insert_lsn()");
    // WAL after the end position lets the program detect that it is reached.
    sql(&target, "create table behind_the_end ()");
    let received = [("proxied", &target), ("straight", &server.target())].map(|(slot, target)| {
        let folder = tempfile::tempdir().unwrap();
        let output = receive_wal(&programs, target, slot)
            .args(["--endpos", &end, "--directory"])
            .arg(folder.path())
            .output()
            .unwrap();
        assert!(output.status.success(), "{output:?}\n{}", proxy.log());
        whole_segments(folder.path())
    });
    let [proxied, straight] = received;
    assert!(!proxied.is_empty());
    assert!(
        proxied == straight,
        "{:?} and {:?}",
        proxied.keys(),
        straight.keys()
    );
    let text = b"seen through the proxy";
    let has_it = |bytes: &Vec<u8>| bytes.windows(text.len()).any(|window| window == text);
    assert!(proxied.values().any(has_it));
}

fn receive_wal(programs: &Path, target: &Target, slot: &str) -> Command {
    let mut program = Command::new(programs.join("pg_receivewal"));
    target.point(&mut program).env_remove("PGDATABASE");
    program.args(["--no-loop", "--no-password", "--slot", slot]);
    program
}

/// Returns a target on the server's own socket, bypassing what is tested.
fn superuser(server: &TrustingPostgres) -> Target {
    Target {
        host: server.socket_dir().display().to_string(),
        user: server.superuser().to_owned(),
        ssl_mode: SslMode::Disable,
        ca_file: None,
        ..server.target()
    }
}

/// Returns the complete WAL segments by name.
fn whole_segments(folder: &Path) -> BTreeMap<OsString, Vec<u8>> {
    let entries = fs::read_dir(folder).unwrap().flatten();
    let whole = entries.filter(|entry| entry.path().extension().is_none());
    whole
        .map(|entry| (entry.file_name(), fs::read(entry.path()).unwrap()))
        .collect()
}

/// Returns a command that ends by itself at a WAL position.
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
    let mut psql = tool("psql").expect("it ran before");
    let output = target
        .point(&mut psql)
        .args(["-X", "-w", "-A", "-t", "-c", text])
        .output()
        .unwrap();
    assert!(output.status.success(), "{text}: {output:?}");
    String::from_utf8_lossy(&output.stdout).trim().to_owned()
}
