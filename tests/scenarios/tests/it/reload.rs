//! Settings and files that change while the proxy runs.

use std::fs;
use std::io::{BufRead, BufReader};
use std::net::TcpStream;
use std::process::{Command, Stdio};
use std::sync::mpsc::channel;
use std::thread;

use irsa_net::rustls::ClientConnection;
use irsa_net::rustls::pki_types::ServerName;
use irsa_net::tls::{LocalAuthority, Roots, client_config};
use rustix::process::{Pid, Signal, kill_process};
use tokio::runtime::Builder;
use tokio_postgres::NoTls;

use crate::http::call;
use crate::proxy::Proxy;
use crate::proxy_files::{DOMAIN, PASSWORD, ProxyFiles};
use irsa_testing::program::{PATIENCE, code, irsa_with_keys};

/// Returns whether `user` passes irsa's own password check. The proxy has no server.
fn admits(files: &ProxyFiles, user: &str) -> bool {
    let mut config = tokio_postgres::Config::new();
    config
        .host_path(files.path())
        .port(5432)
        .user(user)
        .password(PASSWORD);
    let runtime = Builder::new_current_thread().enable_all().build().unwrap();
    let error = runtime.block_on(config.connect(NoTls)).err().unwrap();
    error.as_db_error().unwrap().code().code() != "28P01"
}

/// Starts a proxy without a controlling terminal.
fn daemon(arguments: &[&str]) -> Proxy {
    let irsa = irsa_with_keys(&["proxy", "--status-address", "127.0.0.1:0"]);
    let mut command = Command::new("setsid");
    command
        .arg(irsa.get_program())
        .args(irsa.get_args())
        .args(arguments);
    command.env_clear();
    let given = irsa
        .get_envs()
        .filter_map(|(name, value)| Some((name, value?)));
    command.envs(given).stdin(Stdio::null());
    Proxy::start(&mut command, None)
}

/// Returns whether a listener shows a certificate signed by this CA.
fn shows(authority: &LocalAuthority, address: &str) -> bool {
    let file = tempfile::NamedTempFile::new().unwrap();
    fs::write(&file, authority.ca_pem()).unwrap();
    let roots = Roots::from_pem_file(file.path()).unwrap();
    let name = ServerName::try_from("localhost").unwrap();
    let mut connection = ClientConnection::new(client_config(&roots, &[]).unwrap(), name).unwrap();
    let mut stream = TcpStream::connect(address).unwrap();
    while connection.is_handshaking() {
        if connection.complete_io(&mut stream).is_err() {
            return false;
        }
    }
    true
}

#[test]
fn sighup_reloads_all_settings_or_none() {
    let files = ProxyFiles::new();
    let (first, second) = (
        files.write_passwords("first", "app"),
        files.write_passwords("second", "batch"),
    );
    let settings = |passwords: &str, more: &str| {
        let upstream = files.upstream();
        files.write(
            "proxy.yaml",
            &format!("upstreams: ['{upstream}']\nclient-passwords: {passwords}\n{more}"),
        )
    };
    let config = settings(&first, "");
    let proxy = daemon(&["--config", &config]);
    assert_eq!(
        (admits(&files, "app"), admits(&files, "batch")),
        (true, false)
    );

    settings(&second, "max-connections: many\n");
    proxy.hang_up();
    proxy.logs(
        "cannot reload settings; the previous ones stay in effect",
        1,
    );
    assert!(
        proxy
            .log()
            .contains("`many` is not an integer of at least 1"),
        "{}",
        proxy.log()
    );
    assert_eq!(
        (admits(&files, "app"), admits(&files, "batch")),
        (true, false)
    );

    settings(&second, "max-connections: 7\n");
    proxy.hang_up();
    proxy.logs("settings reloaded", 1);
    let reloaded = "settings reloaded; some changes require a restart";
    let record = &proxy.records(reloaded)[0];
    assert_eq!(record["changed"], "client-passwords");
    assert_eq!(record["needs_restart"], "max-connections");
    assert_eq!(
        (admits(&files, "app"), admits(&files, "batch")),
        (false, true)
    );

    let metrics = call(&proxy.address("status"), "GET", "/metrics", &[]).body;
    for result in ["ok", "failed"] {
        let line = format!("irsa_config_reloads_total{{result=\"{result}\"}} 1\n");
        assert!(metrics.contains(&line), "{metrics}");
    }
    proxy.terminate();
    assert_eq!(proxy.ended(), 0);
}

#[test]
fn passwords_and_certificates_are_reloaded_when_their_content_changes() {
    let files = ProxyFiles::new();
    let passwords = files.write_passwords("passwords", "app");
    let (old, new) = (
        LocalAuthority::generate().unwrap(),
        LocalAuthority::generate().unwrap(),
    );
    let [cert, key] = files.write_certificate(&old);
    let domain = format!("opensearch://{DOMAIN}?dial=127.0.0.1:1&listen=127.0.0.1:0");
    let flags = [
        "--client-passwords",
        &passwords,
        "--tls-cert",
        &cert,
        "--tls-key",
        &key,
    ];
    let proxy = daemon(&[&flags[..], &[&files.upstream(), &domain]].concat());
    let address = proxy.addresses("listening").pop().unwrap();
    assert!(shows(&old, &address) && !shows(&new, &address));
    assert!(admits(&files, "app"));

    files.write_passwords("passwords", "batch");
    files.write_certificate(&new);
    let is_done = || shows(&new, &address) && admits(&files, "batch");
    // A check between the two writes finds a key that does not match the certificate; the next one finds both.
    proxy.logs("changed files reloaded", 1);
    while !is_done() {
        let seen = proxy.records("changed files reloaded").len();
        proxy.logs("changed files reloaded", seen + 1);
    }
    assert!(!shows(&old, &address) && !admits(&files, "app"));
}

#[test]
fn exec_reloads_passwords_when_their_content_changes() {
    let files = ProxyFiles::new();
    let passwords = files.write_passwords("passwords", "app");
    let upstream = files.upstream();
    let flags = ["--client-passwords", &passwords, "--upstream", &upstream];
    let command = ["--", "sh", "-c", "echo ready; read line; exit 7"];
    let arguments = [&["exec", "--log-level", "info"], &flags[..], &command].concat();
    let mut exec = irsa_with_keys(&arguments)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let mut lines = BufReader::new(exec.stdout.take().unwrap()).lines();
    assert_eq!(lines.next().unwrap().unwrap(), "ready");
    let (sender, logged) = channel();
    let log = BufReader::new(exec.stderr.take().unwrap()).lines();
    thread::spawn(move || {
        log.map_while(Result::ok)
            .try_for_each(|line| sender.send(line))
    });
    assert!(admits(&files, "app") && !admits(&files, "batch"));

    files.write_passwords("passwords", "batch");
    while !logged
        .recv_timeout(PATIENCE)
        .unwrap()
        .contains("changed files reloaded")
    {}
    assert!(!admits(&files, "app") && admits(&files, "batch"));
    drop(exec.stdin.take());
    assert_eq!(code(exec.wait().unwrap()), 7);
}

#[test]
fn exec_forwards_sighup() {
    let files = ProxyFiles::new();
    let script = "trap 'echo hung up; exit 7' HUP; echo ready; while :; do sleep 0.05; done";
    let mut exec = irsa_with_keys(&[
        "exec",
        "--upstream",
        &files.upstream(),
        "--",
        "sh",
        "-c",
        script,
    ])
    .stdout(Stdio::piped())
    .spawn()
    .unwrap();
    let mut lines = BufReader::new(exec.stdout.take().unwrap())
        .lines()
        .map(Result::unwrap);
    assert_eq!(lines.next().unwrap(), "ready");
    kill_process(Pid::from_child(&exec), Signal::HUP).unwrap();
    assert_eq!(lines.next().unwrap(), "hung up");
    assert_eq!(code(exec.wait().unwrap()), 7);
}
