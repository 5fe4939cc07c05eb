//! What clients must prove, by the settings: every requirement counts on every listener that it can
//! apply to.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::process::Command;

use irsa_net::tls::LocalAuthority;
use tempfile::TempDir;
use tokio::runtime::Builder;
use tokio_postgres::NoTls;

use crate::http::call;
use crate::proxy::Proxy;
use crate::sql::refusal;
use irsa_testing::program::irsa_with_keys;

const DATABASE: &str = "shop.cluster-abcdefghijkl.eu-central-1.rds.amazonaws.com";
const DOMAIN: &str = "search-shop-abcdefghijklmnopqrstuvwxyz.eu-central-1.es.amazonaws.com";
/// The password `correct horse`.
const VERIFIER: &str = "SCRAM-SHA-256$4096:MDEyMzQ1Njc4OWFiY2RlZg==$tSgetjYW5SQlNzIxJAKMryuDGH8Snw5oWcj1eOW0ZyI=:bbZ1dJMgYYaKKR1fU1oGHkWJzi9OQY4yU8Fuksa1t70=";

/// Files for the settings, and room for sockets.
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

    fn passwords(&self) -> String {
        self.file("passwords", &format!("\"app\" \"{VERIFIER}\"\n"))
    }

    /// The flags of a listener that requires certificates.
    fn certificates(&self) -> Vec<String> {
        let authority = LocalAuthority::generate().unwrap();
        let issued = authority.issue_server(&["localhost"]).unwrap();
        let certificate = self.file("tls.crt", &issued.certificate_pem);
        let key = self.file("tls.key", &issued.key_pem);
        let ca = self.file("ca.crt", authority.ca_pem());
        let flags = [
            ("--tls-cert", certificate),
            ("--tls-key", key),
            ("--client-ca", ca),
        ];
        let flags = flags.into_iter();
        flags
            .flat_map(|(flag, value)| [flag.to_owned(), value])
            .collect()
    }

    /// A proxy of a database that nothing listens for, on a socket in this folder.
    fn socket_proxy(&self, arguments: &[&str]) -> Proxy {
        let path = self.path().display();
        let upstream = format!("postgres://{DATABASE}?dial=127.0.0.1:1&listen=unix:{path}");
        started(irsa_with_keys(&["proxy", &upstream]).args(arguments))
    }
}

fn started(command: &mut Command) -> Proxy {
    Proxy::start(command.args(["--status-address", "off"]), None)
}

fn own_uid() -> u32 {
    rustix::process::geteuid().as_raw()
}

/// The SQLSTATE that a login over the socket is refused with; empty if the client itself gives up.
fn refused_with(folder: &Path, password: Option<&str>) -> String {
    let mut config = tokio_postgres::Config::new();
    config
        .host_path(folder)
        .port(5432)
        .user("app")
        .dbname("app");
    if let Some(password) = password {
        config.password(password);
    }
    let runtime = Builder::new_current_thread().enable_all().build().unwrap();
    let Err(error) = runtime.block_on(config.connect(NoTls)) else {
        panic!("nothing listens behind this proxy");
    };
    match error.as_db_error() {
        Some(_) => refusal(&error).code().code().to_owned(),
        None => String::new(),
    }
}

#[test]
fn a_password_is_required_beside_the_user_id_of_a_socket() {
    let folder = Folder::new();
    let passwords = folder.passwords();
    let uid = own_uid().to_string();
    let _proxy = folder.socket_proxy(&["--client-uid", &uid, "--client-passwords", &passwords]);
    assert_eq!(refused_with(folder.path(), None), "");
    assert_eq!(refused_with(folder.path(), Some("wrong")), "28P01");
    let unreachable = refused_with(folder.path(), Some("correct horse"));
    assert!(
        !unreachable.starts_with("28") && !unreachable.is_empty(),
        "{unreachable}"
    );
}

#[test]
fn the_user_id_is_checked_beside_passwords_and_certificates_and_only_then_may_all_open_the_socket()
{
    let folder = Folder::new();
    let other = (own_uid() + 1).to_string();
    let passwords = vec!["--client-passwords".to_owned(), folder.passwords()];
    for flags in [passwords, folder.certificates()] {
        let flags: Vec<&str> = flags.iter().map(String::as_str).collect();
        let proxy = folder.socket_proxy(&[&flags[..], &["--client-uid", &other]].concat());
        let socket = folder.path().join(".s.PGSQL.5432");
        assert_eq!(
            socket.metadata().unwrap().permissions().mode() & 0o777,
            0o666
        );
        assert_eq!(
            refused_with(folder.path(), Some("correct horse")),
            "28000",
            "{flags:?}"
        );
        proxy.logs("client refused", 1);
        drop(proxy);

        let _proxy = folder.socket_proxy(&flags);
        assert_eq!(
            socket.metadata().unwrap().permissions().mode() & 0o777,
            0o600
        );
    }
}

#[test]
fn a_certificate_is_required_of_clients_of_opensearch_on_loopback() {
    let folder = Folder::new();
    let upstream = format!("opensearch://{DOMAIN}?dial=127.0.0.1:1&listen=127.0.0.1:0");
    let proxy = started(irsa_with_keys(&["proxy", &upstream]).args(folder.certificates()));
    let answer = call(&proxy.address("listening"), "GET", "/", &[]);
    assert_eq!(answer.status, 403, "{}", answer.body);
    assert!(
        answer.body.contains("client certificate"),
        "{}",
        answer.body
    );
}

#[test]
fn the_file_of_certificate_users_names_who_may_log_in() {
    let folder = Folder::new();
    let users = folder.file("users", "# none yet\n");
    let upstream = format!("postgres://{DATABASE}?listen=127.0.0.1:0");
    let mut command = irsa_with_keys(&["proxy", &upstream, "--client-cert-users", &users]);
    let _proxy = started(command.args(folder.certificates()));
}
