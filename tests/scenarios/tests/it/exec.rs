//! `irsa exec`: a command with its own proxy.

use std::ffi::OsStr;
use std::io::{BufRead, BufReader, Read, Write};
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::PermissionsExt;
use std::os::unix::net::UnixStream;
use std::path::Path;
use std::process::{Child, Command, Stdio};

use rustix::process::{Pid, Signal, kill_process};

use crate::pod::{Pod, USER};
use crate::sql::Session;
use crate::stage::{Stage, shared};
use irsa_testing::program::code;

/// Returns the arguments that run a shell script.
fn in_shell(script: &str) -> [&str; 7] {
    ["exec", "--log-level", "error", "--", "sh", "-c", script]
}

/// Starts `irsa exec` and returns the first line of its command's output.
fn start(mut command: Command) -> (Child, String) {
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
fn the_command_finds_its_database_in_libpqs_variables() {
    let stage = shared();
    let script = "echo $PGHOST:$PGPORT; read line; exit 7";
    let (mut child, address) = start(Pod::new(&stage).command(&in_shell(script)));
    let session = Session::open(&stage, &address, USER, USER).unwrap();
    assert_eq!(session.query("select current_user").unwrap(), USER);
    drop(session);
    child.stdin.take().unwrap().write_all(b"\n").unwrap();
    assert_eq!(code(child.wait().unwrap()), 7);
}

#[test]
fn a_socket_is_passed_as_its_directory() {
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
fn the_exit_code_is_that_of_the_command() {
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
    let (mut child, ready) = start(Pod::new(&stage).command(&in_shell(script)));
    assert_eq!(ready, "ready");
    kill_process(Pid::from_child(&child), Signal::TERM).unwrap();
    assert_eq!(code(child.wait().unwrap()), 9);
}

#[test]
fn a_missing_command_is_reported() {
    let stage = shared();
    let pod = Pod::new(&stage);
    for (program, code) in [("no-such-program", 127), ("/etc/passwd", 126)] {
        let finished = pod.irsa(&["exec", "--", program, "hunter2"]);
        assert_eq!(finished.code, code, "{}", finished.stderr);
        let named = format!("`{program}` cannot be run");
        assert!(finished.stderr.contains(&named), "{}", finished.stderr);
        assert!(!finished.stderr.contains("hunter2"), "{}", finished.stderr);
    }
}

/// Returns an upstream without a listener.
fn unplaced(stage: &Stage) -> String {
    stage.upstream().replace("&listen=127.0.0.1:0", "")
}

#[test]
fn a_database_has_a_socket_that_other_users_cannot_open() {
    let stage = shared();
    let pod = Pod::new(&stage).with("IRSA_UPSTREAMS", unplaced(&stage));
    let script = "echo $PGHOST:$PGPORT; read line";
    let (mut child, address) = start(pod.command(&in_shell(script)));
    let (folder, port) = address.split_once(':').unwrap();
    let folder = Path::new(folder);
    let mode = |path: &Path| path.metadata().unwrap().permissions().mode() & 0o777;
    assert_eq!(mode(folder), 0o700);
    assert_eq!(mode(&folder.join(format!(".s.PGSQL.{port}"))), 0o600);
    let session = Session::open(&stage, &address, USER, USER).unwrap();
    assert_eq!(session.query("select current_user").unwrap(), USER);
    drop(session);
    child.stdin.take().unwrap().write_all(b"\n").unwrap();
    assert_eq!(code(child.wait().unwrap()), 0);
    assert!(!folder.exists(), "it is removed with its socket");
}

#[test]
fn each_of_several_databases_gets_a_socket() {
    let stage = shared();
    let upstream = unplaced(&stage);
    let pod = Pod::new(&stage).with("IRSA_UPSTREAMS", format!("{upstream} {upstream}"));
    let finished = pod.irsa(&["exec", "--", "sh", "-c", "ls -A $PGHOST"]);
    assert_eq!(finished.printed(), ".s.PGSQL.5432\n.s.PGSQL.5433");
}

#[test]
fn without_a_directory_for_the_socket_no_port_is_used_instead() {
    let stage = shared();
    let pod = Pod::new(&stage)
        .with("IRSA_UPSTREAMS", unplaced(&stage))
        .with("TMPDIR", "/nowhere");
    let finished = pod.irsa(&["exec", "--", "true"]);
    assert_eq!(finished.code, 2, "{}", finished.stderr);
    assert!(
        finished.errors()[0].contains("`/nowhere`"),
        "{}",
        finished.stderr
    );
    assert!(
        finished.errors()[0].contains("`listen=0`"),
        "{}",
        finished.stderr
    );
}

#[test]
fn the_command_has_the_limits_that_irsa_was_started_with() {
    let stage = shared();
    let limits = "ulimit -Sn; ulimit -Hn; ulimit -Sc; ulimit -Hc";
    let limited = |command: &Command| {
        let mut shell = Command::new("sh");
        shell.args(["-c", "ulimit -Sn 300; exec \"$@\"", "sh"]);
        shell.arg(command.get_program()).args(command.get_args());
        shell.env_clear();
        let variables = command.get_envs();
        shell.envs(variables.filter_map(|(name, value)| Some((name, value?))));
        let output = shell.output().unwrap();
        assert!(output.status.success(), "{output:?}");
        String::from_utf8(output.stdout).unwrap()
    };
    let expected = limited(Command::new("sh").args(["-c", limits]));
    assert!(expected.starts_with("300\n"), "{expected}");
    let seen = limited(&Pod::new(&stage).command(&in_shell(limits)));
    assert_eq!(seen, expected);
}

#[test]
fn it_ends_with_the_command() {
    let stage = shared();
    let finished = Pod::new(&stage).irsa(&["exec", "--drain-delay", "1h", "--", "true"]);
    assert_eq!(finished.code, 0, "{}", finished.stderr);
}

#[test]
fn arguments_may_be_other_bytes_than_text() {
    let stage = shared();
    let mut command = Pod::new(&stage).command(&["exec", "--log-level", "error", "--", "echo"]);
    let printed = command.arg(OsStr::from_bytes(b"\xff")).output().unwrap();
    assert_eq!(printed.stdout, b"\xff\n");
}

#[test]
fn quitquitquit_is_passed_on_as_sigterm() {
    let stage = shared();
    let folder = tempfile::tempdir().unwrap();
    let socket = folder.path().join("status");
    let pod = Pod::new(&stage).with("IRSA_STATUS_ADDRESS", format!("unix:{}", socket.display()));
    let script = "trap 'exit 9' TERM; echo ready; sleep 30 & wait";
    let (mut child, _) = start(pod.command(&in_shell(script)));
    let mut status = UnixStream::connect(socket).unwrap();
    let request = "POST /quitquitquit HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n";
    status.write_all(request.as_bytes()).unwrap();
    let mut answer = String::new();
    status.read_to_string(&mut answer).unwrap();
    assert!(answer.starts_with("HTTP/1.1 202 "), "{answer}");
    assert_eq!(code(child.wait().unwrap()), 9);
}

#[test]
fn without_a_terminal_sigint_is_passed_on_too() {
    let stage = shared();
    let script = "trap 'exit 8' INT; echo ready; sleep 30 & wait";
    let irsa = Pod::new(&stage).command(&in_shell(script));
    let mut command = Command::new("setsid");
    command.arg(irsa.get_program()).args(irsa.get_args());
    command.env_clear();
    let variables = irsa.get_envs();
    command.envs(variables.filter_map(|(name, value)| Some((name, value?))));
    let (mut child, _) = start(command);
    kill_process(Pid::from_child(&child), Signal::INT).unwrap();
    assert_eq!(code(child.wait().unwrap()), 8);
}
