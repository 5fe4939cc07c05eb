//! Mistakes in the addresses of listeners, and in the requirements for their clients.

use irsa_testing::program::{finish, irsa_with_keys};

use super::{taken, upstream};

#[test]
fn two_listeners_cannot_use_the_same_address() {
    let finished = finish(&mut irsa_with_keys(&[
        "proxy",
        &upstream("7"),
        &upstream("7"),
    ]));
    assert_eq!(finished.code, 2, "{}", finished.stderr);
    assert!(finished.errors()[0].starts_with("`localhost:7` is used by both "));

    // `--status-address` has its default. A conflict within the process is not reported as another process.
    let upstream = upstream("0");
    let mut command = irsa_with_keys(&["proxy", &upstream, "--admin-address", "9440"]);
    let finished = finish(&mut command);
    assert_eq!(finished.code, 2, "{}", finished.stderr);
    let expected = "`localhost:9440` is used by both --admin-address and --status-address";
    assert!(
        finished.errors()[0].starts_with(expected),
        "{}",
        finished.stderr
    );
}

#[test]
fn the_doctor_ignores_listeners() {
    let mut command = irsa_with_keys(&["doctor", &upstream("7"), &upstream("7")]);
    let finished = finish(command.args(["--ca-file", "/nowhere/ca.pem"]));
    assert_eq!(finished.code, 2, "{}", finished.stderr);
    assert_eq!(finished.errors().len(), 1, "{}", finished.stderr);
    assert!(finished.errors()[0].starts_with("--ca-file: "));
}

#[test]
fn a_public_listener_requires_passwords_or_certificates() {
    let finished = finish(&mut irsa_with_keys(&["proxy", &upstream("0.0.0.0:7")]));
    assert_eq!(finished.code, 2, "{}", finished.stderr);
    assert!(finished.errors()[0].starts_with("`0.0.0.0:7` can be reached from outside"));
}

#[test]
fn a_requirement_must_apply_to_every_listener_or_at_least_one() {
    let folder = tempfile::tempdir().unwrap();
    let mut command = irsa_with_keys(&[
        "proxy",
        &upstream("7&listen=unix:/run/irsa"),
        "--client-uid",
        "7",
    ]);
    command.args(["--client-cert-users", "/nowhere/users"]);
    let finished = finish(&mut command);
    assert_eq!(finished.code, 2, "{}", finished.stderr);
    let errors = finished.errors();
    assert_eq!(errors.len(), 3, "{errors:#?}");
    assert!(errors[0].starts_with("--client-cert-users: cannot read `/nowhere/users`"));
    assert!(errors[1].starts_with("`localhost:7` would admit every client of this machine"));
    assert!(errors[2].starts_with("--client-cert-users requires --client-ca"));

    let users = folder.path().join("users");
    std::fs::write(&users, "\"app\n").unwrap();
    let mut command = irsa_with_keys(&["proxy", &upstream("7"), "--client-uid", "7"]);
    let finished = finish(command.arg("--client-cert-users").arg(&users));
    assert_eq!(finished.code, 2, "{}", finished.stderr);
    let errors = finished.errors();
    assert_eq!(errors.len(), 3, "{errors:#?}");
    assert!(errors[0].starts_with("--client-cert-users: line 1 of "));
    assert!(
        errors[1]
            .starts_with("--client-uid applies to Unix sockets, and no upstream listens on one")
    );
}

#[test]
fn the_status_address_must_be_local() {
    let mut command = irsa_with_keys(&["proxy", &upstream("0"), "--status-address", "0.0.0.0:7"]);
    let finished = finish(&mut command);
    assert_eq!(finished.code, 2, "{}", finished.stderr);
    assert!(
        finished.errors()[0]
            .starts_with("--status-address: `0.0.0.0:7` must be a loopback address")
    );
}

#[test]
fn a_port_in_use_is_reported_with_a_remedy() {
    let (_holder, taken) = taken();
    let free = upstream("127.0.0.1:0");
    for (upstream, flag, address) in [
        (&upstream(&taken), "--status-address", "off"),
        (&free, "--status-address", taken.as_str()),
        (&free, "--admin-address", taken.as_str()),
    ] {
        let mut command = irsa_with_keys(&["proxy", upstream, flag, address]);
        let finished = finish(command.env("IRSA_STATUS_ADDRESS", "127.0.0.1:0"));
        assert_eq!(finished.code, 1, "{flag}: {}", finished.stderr);
        let expected =
            format!("cannot listen on `{taken}`: a different process already listens there");
        assert_eq!(finished.errors(), [expected], "{flag}");
        assert!(finished.stderr.contains("\"remedy\":"), "{flag}");
        assert_eq!(finished.stdout, "");
    }
}
