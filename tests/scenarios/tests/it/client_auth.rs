//! Client authentication: every requirement applies to every listener that it can apply to.

use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::process::Command;

use irsa_net::tls::LocalAuthority;
use tokio::runtime::Builder;
use tokio_postgres::NoTls;

use crate::http::call;
use crate::proxy::Proxy;
use crate::proxy_files::{DATABASE, DOMAIN, PASSWORD, ProxyFiles};
use crate::sql::refusal;
use irsa_testing::program::irsa_with_keys;

/// Returns the flags of a listener that requires certificates.
fn certificates(files: &ProxyFiles) -> Vec<String> {
    let authority = LocalAuthority::generate().unwrap();
    let [certificate, key] = files.write_certificate(&authority);
    let ca = files.write("ca.crt", authority.ca_pem());
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

/// Starts a proxy to a database that does not exist, on a socket.
fn socket_proxy(files: &ProxyFiles, arguments: &[&str]) -> Proxy {
    started(irsa_with_keys(&["proxy", &files.upstream()]).args(arguments))
}

fn started(command: &mut Command) -> Proxy {
    Proxy::start(command.args(["--status-address", "off"]), None)
}

fn own_uid() -> u32 {
    rustix::process::geteuid().as_raw()
}

/// Returns the SQLSTATE that rejects a login over the socket; empty if the client itself gives up.
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
        panic!("the proxy has no database");
    };
    match error.as_db_error() {
        Some(_) => refusal(&error).code().code().to_owned(),
        None => String::new(),
    }
}

#[test]
fn a_password_is_required_in_addition_to_the_user_id() {
    let files = ProxyFiles::new();
    let passwords = files.write_passwords("passwords", "app");
    let uid = own_uid().to_string();
    let _proxy = socket_proxy(
        &files,
        &["--client-uid", &uid, "--client-passwords", &passwords],
    );
    assert_eq!(refused_with(files.path(), None), "");
    assert_eq!(refused_with(files.path(), Some("wrong")), "28P01");
    let unreachable = refused_with(files.path(), Some(PASSWORD));
    assert!(
        !unreachable.starts_with("28") && !unreachable.is_empty(),
        "{unreachable}"
    );
}

#[test]
fn the_user_id_is_checked_in_addition_and_only_then_may_all_users_open_the_socket() {
    let files = ProxyFiles::new();
    let other = (own_uid() + 1).to_string();
    let passwords = vec![
        "--client-passwords".to_owned(),
        files.write_passwords("passwords", "app"),
    ];
    for flags in [passwords, certificates(&files)] {
        let flags: Vec<&str> = flags.iter().map(String::as_str).collect();
        let proxy = socket_proxy(&files, &[&flags[..], &["--client-uid", &other]].concat());
        let socket = files.path().join(".s.PGSQL.5432");
        assert_eq!(
            socket.metadata().unwrap().permissions().mode() & 0o777,
            0o666
        );
        assert_eq!(
            refused_with(files.path(), Some(PASSWORD)),
            "28000",
            "{flags:?}"
        );
        proxy.logs("client refused", 1);
        drop(proxy);

        let _proxy = socket_proxy(&files, &flags);
        assert_eq!(
            socket.metadata().unwrap().permissions().mode() & 0o777,
            0o600
        );
    }
}

#[test]
fn opensearch_clients_on_loopback_need_a_certificate() {
    let files = ProxyFiles::new();
    let upstream = format!("opensearch://{DOMAIN}?dial=127.0.0.1:1&listen=127.0.0.1:0");
    let proxy = started(irsa_with_keys(&["proxy", &upstream]).args(certificates(&files)));
    let answer = call(&proxy.address("listening"), "GET", "/", &[]);
    assert_eq!(answer.status, 403, "{}", answer.body);
    assert!(
        answer.body.contains("client certificate"),
        "{}",
        answer.body
    );
}

#[test]
fn the_file_of_certificate_users_decides_who_may_log_in() {
    let files = ProxyFiles::new();
    let users = files.write("users", "# none yet\n");
    let upstream = format!("postgres://{DATABASE}?listen=127.0.0.1:0");
    let mut command = irsa_with_keys(&["proxy", &upstream, "--client-cert-users", &users]);
    let _proxy = started(command.args(certificates(&files)));
}
