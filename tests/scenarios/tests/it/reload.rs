//! Settings and files that change while the proxy runs.

use std::fs;
use std::io::{BufRead, BufReader};
use std::net::TcpStream;
use std::path::Path;
use std::process::{Command, Stdio};

use irsa_net::rustls::ClientConnection;
use irsa_net::rustls::pki_types::ServerName;
use irsa_net::tls::{LocalAuthority, Roots, client_config};
use rustix::process::{Pid, Signal, kill_process};
use tempfile::TempDir;
use tokio::runtime::Builder;
use tokio_postgres::NoTls;

use crate::http::call;
use crate::proxy::Proxy;
use irsa_testing::program::{code, irsa_with_keys};

const DATABASE: &str = "shop.cluster-abcdefghijkl.eu-central-1.rds.amazonaws.com";
const DOMAIN: &str = "search-shop-abcdefghijklmnopqrstuvwxyz.eu-central-1.es.amazonaws.com";
/// The password `correct horse`.
const VERIFIER: &str = "SCRAM-SHA-256$4096:MDEyMzQ1Njc4OWFiY2RlZg==$tSgetjYW5SQlNzIxJAKMryuDGH8Snw5oWcj1eOW0ZyI=:bbZ1dJMgYYaKKR1fU1oGHkWJzi9OQY4yU8Fuksa1t70=";

/// A folder with the files of a proxy, and room for its socket.
struct Folder(TempDir);

// === impl Folder ===

impl Folder {
    fn new() -> Self {
        Self(tempfile::tempdir().unwrap())
    }

    fn path(&self) -> &Path {
        self.0.path()
    }

    fn file(&self, name: &str, content: &str) -> String {
        let path = self.path().join(name);
        fs::write(&path, content).unwrap();
        path.display().to_string()
    }

    /// A file with the password of `user`.
    fn passwords(&self, name: &str, user: &str) -> String {
        self.file(name, &format!("\"{user}\" \"{VERIFIER}\"\n"))
    }

    /// A certificate of `authority` and its key.
    fn certificate(&self, authority: &LocalAuthority) -> [String; 2] {
        let issued = authority.issue_server(&["localhost"]).unwrap();
        let key = self.file("tls.key", &issued.key_pem);
        [self.file("tls.crt", &issued.certificate_pem), key]
    }

    fn database(&self) -> String {
        format!(
            "postgres://{DATABASE}?dial=127.0.0.1:1&listen=unix:{}",
            self.path().display()
        )
    }

    /// Returns whether `user` passes irsa's own check of its password. No server is behind the proxy.
    fn admits(&self, user: &str) -> bool {
        let mut config = tokio_postgres::Config::new();
        config
            .host_path(self.path())
            .port(5432)
            .user(user)
            .password("correct horse");
        let runtime = Builder::new_current_thread().enable_all().build().unwrap();
        let error = runtime.block_on(config.connect(NoTls)).err().unwrap();
        error.as_db_error().unwrap().code().code() != "28P01"
    }
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

/// Returns whether a listener shows a certificate of this authority.
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
    let folder = Folder::new();
    let (first, second) = (
        folder.passwords("first", "app"),
        folder.passwords("second", "batch"),
    );
    let settings = |passwords: &str, more: &str| {
        let upstream = folder.database();
        folder.file(
            "irsa.yaml",
            &format!("upstreams: ['{upstream}']\nclient-passwords: {passwords}\n{more}"),
        )
    };
    let config = settings(&first, "");
    let proxy = daemon(&["--config", &config]);
    assert_eq!(
        (folder.admits("app"), folder.admits("batch")),
        (true, false)
    );

    settings(&second, "max-connections: many\n");
    proxy.hang_up();
    proxy.logs("settings not reloaded, and nothing has changed", 1);
    assert!(
        proxy.log().contains("`many` is not a number"),
        "{}",
        proxy.log()
    );
    assert_eq!(
        (folder.admits("app"), folder.admits("batch")),
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
        (folder.admits("app"), folder.admits("batch")),
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
fn passwords_and_certificates_are_read_again_when_their_content_changes() {
    let folder = Folder::new();
    let passwords = folder.passwords("passwords", "app");
    let (old, new) = (
        LocalAuthority::generate().unwrap(),
        LocalAuthority::generate().unwrap(),
    );
    let [cert, key] = folder.certificate(&old);
    let domain = format!("opensearch://{DOMAIN}?dial=127.0.0.1:1&listen=127.0.0.1:0");
    let flags = [
        "--client-passwords",
        &passwords,
        "--tls-cert",
        &cert,
        "--tls-key",
        &key,
    ];
    let proxy = daemon(&[&flags[..], &[&folder.database(), &domain]].concat());
    let address = proxy.addresses("listening").pop().unwrap();
    assert!(shows(&old, &address) && !shows(&new, &address));
    assert!(folder.admits("app"));

    folder.passwords("passwords", "batch");
    folder.certificate(&new);
    let is_done = || shows(&new, &address) && folder.admits("batch");
    // A look between the two files finds a key that is not the certificate's, and the next one finds both.
    proxy.logs("changed files reloaded", 1);
    while !is_done() {
        let seen = proxy.records("changed files reloaded").len();
        proxy.logs("changed files reloaded", seen + 1);
    }
    assert!(!shows(&old, &address) && !folder.admits("app"));
}

#[test]
fn exec_passes_sighup_on() {
    let folder = Folder::new();
    let script = "trap 'echo hung up; exit 7' HUP; echo ready; while :; do sleep 0.05; done";
    let mut exec = irsa_with_keys(&[
        "exec",
        "--upstream",
        &folder.database(),
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
