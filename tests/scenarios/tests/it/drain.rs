//! SIGTERM: sessions may finish, and are finally closed.

use std::net::TcpStream;

use crate::http;
use crate::pod::{Pod, USER};
use crate::stage::shared;

#[test]
fn a_query_in_progress_is_finished() {
    let stage = shared();
    let proxy = Pod::new(&stage).proxy(&["--drain-timeout", "30s"]);
    let session = proxy.connect(USER, USER).unwrap();
    let watcher = proxy.connect(USER, USER).unwrap();
    let query = session.begin("select pg_sleep(1)::text || 'done'");
    let running = "select count(*) from pg_stat_activity where query like '%pg_sleep(1)%' \
                   and state = 'active' and pid <> pg_backend_pid()";
    while watcher.query(running).unwrap() == "0" {}
    drop(watcher);

    proxy.terminate();
    proxy.logs("stopping", 1);
    assert_eq!(stage.block_on(query).unwrap().unwrap(), "done");
    assert_eq!(proxy.ended(), 0);
}

#[test]
fn new_clients_are_rejected() {
    let stage = shared();
    let proxy = Pod::new(&stage).proxy(&["--drain-timeout", "30s"]);
    let session = proxy.connect(USER, USER).unwrap();
    let address = proxy.address("listening");
    proxy.terminate();
    while TcpStream::connect(&address).is_ok() {}
    assert_eq!(session.query("select 1").unwrap(), "1");
    drop(session);
    assert_eq!(proxy.ended(), 0);
}

#[test]
fn new_clients_are_accepted_during_the_drain_delay() {
    let stage = shared();
    let proxy = Pod::new(&stage).proxy(&["--drain-delay", "1s"]);
    proxy.terminate();
    proxy.logs("stopping", 1);
    assert_eq!(
        proxy
            .connect(USER, USER)
            .unwrap()
            .query("select 1")
            .unwrap(),
        "1"
    );
    assert_eq!(proxy.ended(), 0);
}

#[test]
fn an_open_session_is_closed_with_an_error() {
    let stage = shared();
    let proxy = Pod::new(&stage).proxy(&["--drain-timeout", "200ms"]);
    let session = proxy.connect(USER, USER).unwrap();
    proxy.terminate();
    let notice = session.termination_notice();
    assert_eq!(notice.code().code(), "57P01");
    assert!(notice.message().contains("shutting down"), "{notice:?}");
    assert_eq!(proxy.ended(), 0);
}

#[test]
fn readiness_fails_while_clients_are_still_accepted() {
    let stage = shared();
    let proxy = Pod::new(&stage).proxy(&["--drain-delay", "1h", "--admin-address", "127.0.0.1:0"]);
    let admin = proxy.address("admin");
    let status = |path| http::call(&admin, "GET", path, &[]).status;
    assert_eq!(status("/readyz"), 200);
    proxy.terminate();
    proxy.logs("stopping", 1);
    assert_eq!(status("/readyz"), 503);
    assert_eq!((status("/livez"), status("/startupz")), (200, 200));
    proxy.connect(USER, USER).unwrap();
}

#[test]
fn ctrl_c_closes_open_sessions() {
    let stage = shared();
    for arguments in [["--drain-delay", "1h"], ["--drain-timeout", "1h"]] {
        let proxy = Pod::new(&stage).proxy(&arguments);
        let session = proxy.connect(USER, USER).unwrap();
        proxy.interrupt();
        proxy.logs("stopping", 1);
        assert_eq!(session.query("select 1").unwrap(), "1");
        proxy.interrupt();
        assert_eq!(session.termination_notice().code().code(), "57P01");
        assert_eq!(proxy.ended(), 0);
    }
}
