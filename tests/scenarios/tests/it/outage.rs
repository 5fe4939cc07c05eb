//! Outages of STS: at the start, and at a renewal.

use std::net::TcpStream;
use std::time::Instant;

use crate::pod::{Pod, USER};
use crate::sql::{check_refused, refusal};
use crate::stage::{Alone, alone};
use irsa_testing::program::PATIENCE;

/// The SQLSTATE that clients see without credentials: drivers retry it, and the message has the reason.
const CANNOT_CONNECT_NOW: &str = "57P03";

/// Returns when nothing listens at the address of STS.
fn cut_sts(stage: &Alone) {
    stage.breaks(|plan| plan.sts_down = true);
    let address = stage
        .lab()
        .facts()
        .sts
        .url
        .trim_start_matches("https://")
        .to_owned();
    until(|| TcpStream::connect(&address).is_err());
}

fn until(condition: impl Fn() -> bool) {
    let begun = Instant::now();
    while !condition() {
        assert!(begun.elapsed() < PATIENCE, "timed out");
        std::thread::yield_now();
    }
}

#[test]
fn without_sts_the_proxy_starts_and_clients_succeed_once_it_is_back() {
    let stage = alone();
    cut_sts(&stage);
    let proxy = Pod::new(&stage).proxy(&["--credentials-timeout", "300ms"]);
    for path in ["/livez", "/readyz", "/startupz"] {
        assert_eq!(proxy.get(path).status, 200, "{path}");
    }
    let refused = check_refused(proxy.connect(USER, USER), CANNOT_CONNECT_NOW, "sts-session");
    assert!(
        refused.message().contains("cause: sts-unreachable"),
        "{refused:?}"
    );
    assert!(
        refused.detail().unwrap().contains("keycloak-role"),
        "{refused:?}"
    );
    assert_eq!(proxy.link("sts-session")["state"], "broken");

    stage.heals();
    proxy.logs("credentials obtained", 1);
    let session = proxy.connect(USER, USER).unwrap();
    assert_eq!(session.query("select current_user").unwrap(), USER);
    assert_eq!(proxy.link("sts-session")["state"], "ok");
}

#[test]
fn sessions_survive_an_outage_until_credentials_expire_and_recover_after() {
    let stage = alone();
    stage.breaks(|plan| plan.session_seconds = Some(8));
    let proxy = Pod::new(&stage).proxy(&["--credentials-timeout", "300ms"]);
    proxy.logs("credentials obtained", 1);
    let before = proxy.connect(USER, USER).unwrap();

    cut_sts(&stage);
    proxy.logs(
        "cannot renew the credentials; the current session is valid until ",
        1,
    );
    let link = proxy.link("sts-session");
    assert_eq!(
        (&link["state"], &link["cause"]),
        (&"degraded".into(), &"sts-unreachable".into())
    );
    let during = proxy.connect(USER, USER).unwrap();
    assert_eq!(during.query("select 1").unwrap(), "1");

    until(|| {
        let refused = proxy.connect(USER, USER).err();
        refused.is_some_and(|error| refusal(&error).code().code() == CANNOT_CONNECT_NOW)
    });
    check_refused(proxy.connect(USER, USER), CANNOT_CONNECT_NOW, "sts-session");
    assert_eq!(proxy.link("sts-session")["state"], "broken");
    for session in [&before, &during] {
        assert_eq!(session.query("select 2").unwrap(), "2");
    }

    stage.heals();
    proxy.logs("credentials renewed", 1);
    proxy.connect(USER, USER).unwrap();
    assert_eq!(before.query("select 3").unwrap(), "3");
}

#[test]
fn commands_report_a_refusal_immediately_and_an_outage_soon() {
    let stage = alone();
    cut_sts(&stage);
    let finished = Pod::new(&stage).irsa(&["whoami", "--credentials-timeout", "300ms"]);
    finished.check_broken("sts-session");
    assert!(
        finished
            .stderr
            .contains("cannot call `sts:AssumeRoleWithWebIdentity`")
    );

    stage.heals();
    let finished = Pod::for_workload(&stage, "neighbour").irsa(&["whoami"]);
    finished.check_broken("trust-policy");
    assert!(
        finished.stderr.contains("AccessDenied"),
        "{}",
        finished.stderr
    );
}
