//! psql and libpq: every sslmode, cancellation by Ctrl-C, `\copy`.

use std::fmt::Write as _;
use std::fs;
use std::path::Path;
use std::process::{Command, Output, Stdio};
use std::time::{Duration, Instant};

use interop::client::tool;
use interop::target::{SslMode, Target};
use rustix::process::{Pid, Signal, kill_process};

use crate::stage::{USER, WORKLOAD, stage};

const PATIENCE: Duration = Duration::from_mins(1);

/// Returns psql without password prompts and with unaligned output; `None` if it is missing.
fn psql(target: &Target) -> Option<Command> {
    let mut psql = tool("psql")?;
    psql.args(["-X", "-w", "-A", "-t", "-q", "-v", "ON_ERROR_STOP=1"])
        .stdin(Stdio::null());
    // libpq's default path for CA certificates.
    psql.env("HOME", "/nonexistent");
    target.point(&mut psql);
    Some(psql)
}

fn ask(target: &Target, text: &str) -> Option<Output> {
    Some(psql(target)?.args(["-c", text]).output().unwrap())
}

fn said(output: &Output) -> (String, String) {
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).trim().to_owned();
    (text(&output.stdout), text(&output.stderr))
}

#[test]
fn every_sslmode_gets_through() {
    let stage = stage();
    let proxy = stage.proxy();
    let target = Target {
        host: "localhost".to_owned(),
        ..proxy.target(USER, USER)
    };
    for mode in SslMode::ALL {
        let verifies = matches!(mode, SslMode::VerifyCa | SslMode::VerifyFull);
        let ca_file = proxy.ca_file();
        let target = target.with_tls(mode, verifies.then_some(ca_file.as_path()));
        let Some(output) = ask(&target, "select current_user") else {
            return;
        };
        assert_eq!(said(&output), (USER.to_owned(), String::new()), "{mode:?}");
    }
}

#[test]
fn verify_full_fails_without_the_right_authority() {
    let stage = stage();
    let proxy = stage.proxy();
    let target = Target {
        host: "localhost".to_owned(),
        ..proxy.target(USER, USER)
    };
    let unknown = target.with_tls(SslMode::VerifyFull, None);
    let Some(output) = ask(&unknown, "select 1") else {
        return;
    };
    assert!(
        !output.status.success() && said(&output).1.contains("root certificate file"),
        "{output:?}"
    );
    let wrong = target.with_tls(SslMode::VerifyFull, Some(&stage.lab().facts().ca_file));
    let output = ask(&wrong, "select 1").unwrap();
    assert!(
        !output.status.success() && said(&output).1.contains("certificate verify failed"),
        "{output:?}"
    );
}

#[test]
fn a_unix_socket_gets_through() {
    let stage = stage();
    let proxy = stage.proxy();
    let Some(output) = ask(&proxy.socket_target(USER, USER), "select current_user") else {
        return;
    };
    assert_eq!(said(&output), (USER.to_owned(), String::new()));
}

#[test]
fn exec_connects_psql_through_irsa_whatever_its_environment() {
    let stage = stage();
    if tool("psql").is_none() {
        return;
    }
    let folder = tempfile::tempdir().unwrap();
    let services = folder.path().join("services");
    fs::write(
        &services,
        "[production]\nhost=127.0.0.1\nport=1\nuser=stranger\n",
    )
    .unwrap();
    for listen in ["", "&listen=0"] {
        let mut exec = Command::new(irsa_testing::program::path("irsa"));
        exec.args(["exec", "--log-level", "error", "--"])
            .args(["psql", "-X", "-w", "-A", "-t", "-c", "select current_user"])
            .env_clear()
            .envs(stage.environment(WORKLOAD))
            .env("IRSA_UPSTREAMS", format!("{}{listen}", stage.upstream()))
            .env("PATH", std::env::var_os("PATH").unwrap_or_default())
            .env("HOME", "/nonexistent")
            .env("PGSERVICE", "production")
            .env("PGSERVICEFILE", &services)
            .env("PGHOST", "127.0.0.1")
            .env("PGHOSTADDR", "127.0.0.1")
            .env("PGPORT", "1")
            .env("PGSSLMODE", "verify-full")
            .env("PGSSLROOTCERT", &stage.lab().facts().ca_file)
            .env("PGREQUIREAUTH", "scram-sha-256")
            .env("PGCHANNELBINDING", "require")
            .env("PGREQUIREPEER", "postgres")
            .env("PGGSSENCMODE", "require")
            .env("PGUSER", USER)
            .env("PGDATABASE", USER)
            .stdin(Stdio::null());
        let output = exec.output().unwrap();
        assert!(output.status.success(), "{listen}: {output:?}");
        assert_eq!(said(&output).0, USER, "{listen}: {output:?}");
    }
}

#[test]
fn errors_of_the_server_arrive_unchanged() {
    let stage = stage();
    let proxy = stage.proxy();
    let (direct, proxied) = (stage.direct().target(), proxy.target(USER, USER));
    for text in [
        "select * from missing",
        "select 1/0",
        "set client_min_messages to nonsense",
    ] {
        let Some(expected) = ask(&direct, text) else {
            return;
        };
        let seen = ask(&proxied, text).unwrap();
        assert_eq!(
            (seen.status.code(), said(&seen)),
            (expected.status.code(), said(&expected)),
            "{text}"
        );
    }
}

#[test]
fn ctrl_c_cancels_the_query() {
    let stage = stage();
    let proxy = stage.proxy();
    let target = proxy.target(USER, USER);
    let Some(mut command) = psql(&target) else {
        return;
    };
    command
        .env("PGAPPNAME", "interrupted")
        .args(["-c", "select pg_sleep(60)"]);
    let child = command
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    until_running(&target, "interrupted");
    kill_process(Pid::from_child(&child), Signal::INT).unwrap();
    let output = child.wait_with_output().unwrap();
    assert!(
        said(&output)
            .1
            .contains("canceling statement due to user request"),
        "{output:?}"
    );
}

fn until_running(target: &Target, application: &str) {
    let text = format!(
        "select count(*) from pg_stat_activity where application_name = '{application}' and state = 'active'"
    );
    let started = Instant::now();
    while said(&ask(target, &text).unwrap()).0 != "1" {
        assert!(started.elapsed() < PATIENCE, "the query does not run");
    }
}

#[test]
fn copies_in_both_directions() {
    let stage = stage();
    let proxy = stage.proxy();
    let folder = tempfile::tempdir().unwrap();
    let (from, to) = (folder.path().join("from"), folder.path().join("to"));
    fs::write(&from, lines()).unwrap();
    let Some(mut command) = psql(&proxy.target(USER, USER)) else {
        return;
    };
    command.args(["-c", "create temp table copied (id int, body text)"]);
    command.args([
        "-c",
        &copy("copied from", &from),
        "-c",
        &copy("(select * from copied order by id) to", &to),
    ]);
    let output = command.output().unwrap();
    assert!(output.status.success(), "{output:?}");
    assert!(
        fs::read(&to).unwrap() == fs::read(&from).unwrap(),
        "the copy differs"
    );
}

fn copy(what: &str, file: &Path) -> String {
    format!("\\copy {what} '{}'", file.display())
}

/// Returns about 10 MB: more than any buffer between client and server.
fn lines() -> String {
    let mut lines = String::new();
    for number in 0..100_000 {
        let _ = writeln!(lines, "{number}\t{}", "x".repeat(number % 200));
    }
    lines
}
