//! `irsa exec`: a command with a proxy beside it.

use std::io::{BufRead, BufReader, Write};
use std::process::{Child, Stdio};

use rustix::process::{Pid, Signal, kill_process};

use crate::pod::{Pod, USER};
use crate::program::code;
use crate::sql::Session;
use crate::stage::shared;

/// Starts `irsa exec` with a shell script, and answers its first line.
fn start(pod: &Pod, script: &str) -> (Child, String) {
    let mut command = pod.command(&["exec", "--log-level", "error", "--", "sh", "-c", script]);
    let mut child = command
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let mut line = String::new();
    BufReader::new(child.stdout.take().unwrap())
        .read_line(&mut line)
        .unwrap();
    (child, line.trim_end().to_owned())
}

#[test]
fn the_command_finds_its_database_by_the_variables_of_libpq() {
    let stage = shared();
    let (mut child, address) = start(&Pod::new(&stage), "echo $PGHOST:$PGPORT; read line; exit 7");
    let session = Session::open(&stage, &address, USER, USER).unwrap();
    assert_eq!(session.query("select current_user").unwrap(), USER);
    drop(session);
    child.stdin.take().unwrap().write_all(b"\n").unwrap();
    assert_eq!(code(child.wait().unwrap()), 7);
}

#[test]
fn a_socket_is_told_by_its_folder() {
    let stage = shared();
    let folder = tempfile::tempdir().unwrap();
    let upstream = stage.upstream().replace(
        "listen=127.0.0.1:0",
        &format!("listen=unix:{}", folder.path().display()),
    );
    let pod = Pod::new(&stage)
        .with("IRSA_UPSTREAMS", upstream)
        .with("PGPORT", "7");
    let finished = pod.irsa(&[
        "exec",
        "--",
        "sh",
        "-c",
        "echo $PGHOST $PGPORT; ls -A $PGHOST",
    ]);
    let expected = format!("{} 5432\n.s.PGSQL.5432", folder.path().display());
    assert_eq!(finished.printed(), expected);
}

#[test]
fn the_exit_code_is_the_commands_own() {
    let stage = shared();
    let pod = Pod::new(&stage);
    for (script, expected) in [
        ("exit 0", 0),
        ("exit 42", 42),
        ("kill -TERM $$", 143),
        ("kill -KILL $$", 137),
    ] {
        let finished = pod.irsa(&["exec", "--", "sh", "-c", script]);
        assert_eq!(finished.code, expected, "{script}: {}", finished.stderr);
    }
}

#[test]
fn sigterm_is_passed_on_to_the_command() {
    let stage = shared();
    let script = "trap 'exit 9' TERM; echo ready; sleep 30 & wait";
    let (mut child, ready) = start(&Pod::new(&stage), script);
    assert_eq!(ready, "ready");
    kill_process(Pid::from_child(&child), Signal::TERM).unwrap();
    assert_eq!(code(child.wait().unwrap()), 9);
}

#[test]
fn a_command_that_is_not_there_is_named() {
    let stage = shared();
    let finished = Pod::new(&stage).irsa(&["exec", "--", "no-such-program", "now"]);
    assert_eq!(finished.code, 1);
    assert!(
        finished
            .stderr
            .contains("`no-such-program now` can't be run"),
        "{}",
        finished.stderr
    );
}
