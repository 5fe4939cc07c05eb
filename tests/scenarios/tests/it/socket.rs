//! The file mode of a Unix socket: containers of a pod run as different users.

use std::os::unix::fs::PermissionsExt;

use crate::proxy::Proxy;
use irsa_testing::program::irsa_with_keys;

const ENDPOINT: &str = "shop.cluster-abcdefghijkl.eu-central-1.rds.amazonaws.com";

/// Returns the permissions of a proxy's socket.
fn mode(parameter: &str, arguments: &[&str]) -> u32 {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().display();
    let upstream = format!("postgres://{ENDPOINT}?listen=unix:{path}{parameter}");
    let mut command = irsa_with_keys(&["proxy", &upstream, "--status-address", "off"]);
    let _proxy = Proxy::start(command.args(arguments), None);
    let socket = folder.path().join(".s.PGSQL.5432");
    socket.metadata().unwrap().permissions().mode() & 0o777
}

#[test]
fn only_the_owner_can_open_a_socket() {
    assert_eq!(mode("", &[]), 0o600);
}

#[test]
fn all_users_can_open_a_socket_that_checks_the_user_id() {
    assert_eq!(mode("", &["--client-uid", "65534"]), 0o666);
}

#[test]
fn the_mode_of_a_socket_can_be_set() {
    assert_eq!(mode("&socket-mode=660", &[]), 0o660);
    assert_eq!(mode("&socket-mode=0640", &["--client-uid", "65534"]), 0o640);
}
