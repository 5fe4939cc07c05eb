//! SIGTERM: sessions may end, and are cut in the end.

use std::net::TcpStream;

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
fn nobody_new_is_let_in() {
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
fn for_the_drain_delay_clients_are_still_let_in() {
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
fn a_session_that_lingers_is_cut_with_a_reason() {
    let stage = shared();
    let proxy = Pod::new(&stage).proxy(&["--drain-timeout", "200ms"]);
    let session = proxy.connect(USER, USER).unwrap();
    proxy.terminate();
    let farewell = session.farewell();
    assert_eq!(farewell.code().code(), "57P01");
    assert!(farewell.message().contains("shutting down"), "{farewell:?}");
    assert_eq!(proxy.ended(), 0);
}
