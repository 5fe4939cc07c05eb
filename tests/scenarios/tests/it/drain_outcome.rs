//! The end of a drain with a real PostgreSQL: its rows match the clients' results.

use std::time::Instant;

use crate::pod::{Pod, USER};
use crate::proxy::Proxy;
use crate::sql::Session;
use crate::stage::{Shared, shared};
use crate::wire::Wire;
use irsa_testing::program::PATIENCE;

/// A table, a session that watches it through a different proxy, and the proxy that will stop.
struct Stage {
    table: &'static str,
    watcher: Session,
    other_proxy: Proxy,
    proxy: Proxy,
    _shared: Shared,
}

// === impl Stage ===

impl Stage {
    fn new(table: &'static str) -> Self {
        let stage = shared();
        let pod = Pod::new(&stage);
        let other_proxy = pod.proxy(&[]);
        let watcher = other_proxy.connect(USER, USER).unwrap();
        let create = format!("drop table if exists {table}; create table {table} (id int)");
        watcher.query(&create).unwrap();
        Self {
            table,
            watcher,
            other_proxy,
            // The whole drain timeout is reserved for closing sessions.
            proxy: pod.proxy(&["--drain-timeout", "3s"]),
            _shared: stage,
        }
    }

    fn log_in(&self) -> Wire {
        Wire::log_in(&self.proxy.address("listening"), USER, USER)
    }

    fn insert(&self, id: u32) -> String {
        format!("insert into {} values ({id})", self.table)
    }

    /// Returns a session whose lock blocks inserts.
    fn lock(&self) -> Session {
        let session = self.other_proxy.connect(USER, USER).unwrap();
        let lock = format!("begin; lock table {} in share mode", self.table);
        session.query(&lock).unwrap();
        session
    }

    fn wait_until_blocked(&self, sql: &str) {
        let blocked = format!(
            "select count(*) from pg_stat_activity where wait_event_type = 'Lock' and query like '%{sql}%' \
             and pid <> pg_backend_pid()"
        );
        let begun = Instant::now();
        while self.watcher.query(&blocked).unwrap() == "0" {
            assert!(begun.elapsed() < PATIENCE, "`{sql}` does not wait");
        }
    }

    /// Stops the proxy and returns the remaining messages to the client, and the rows.
    fn end(self, client: Wire, lock: Option<Session>) -> (Vec<String>, Vec<String>) {
        self.proxy.terminate();
        let heard = client.rest();
        drop(lock);
        let Self {
            table,
            watcher,
            proxy,
            ..
        } = self;
        assert_eq!(proxy.ended(), 0);
        let wait = format!("lock table {table} in access exclusive mode");
        watcher.query(&format!("begin; {wait}; commit")).unwrap();
        let rows =
            format!("select coalesce(string_agg(id::text, ' ' order by id), '') from {table}");
        let rows = watcher.query(&rows).unwrap();
        let rows = rows.split_whitespace().map(str::to_owned).collect();
        (heard, rows)
    }
}

#[test]
fn an_insert_behind_a_lock_is_canceled() {
    let stage = Stage::new("drain_insert");
    let lock = stage.lock();
    let mut client = stage.log_in();
    client.query(&stage.insert(1));
    stage.wait_until_blocked("insert into drain_insert");
    let (heard, rows) = stage.end(client, Some(lock));
    assert_eq!(heard, ["error 57014", "Z", "error 57P01"]);
    assert!(rows.is_empty(), "{rows:?}");
}

#[test]
fn a_pipeline_is_answered_statement_by_statement() {
    let stage = Stage::new("drain_pipeline");
    let lock = stage.lock();
    let mut client = stage.log_in();
    client.pipeline(&[stage.insert(1), "select 1".to_owned(), stage.insert(2)]);
    stage.wait_until_blocked("insert into drain_pipeline");
    let (heard, rows) = stage.end(client, Some(lock));
    let outcomes: Vec<_> = heard.iter().filter(|each| each.len() > 1).collect();
    assert_eq!(
        outcomes,
        ["error 57014", "SELECT 1", "error 57014", "error 57P01"]
    );
    assert!(rows.is_empty(), "{rows:?}");
}

#[test]
fn a_commit_that_is_canceled_has_not_committed() {
    let stage = Stage::new("drain_commit");
    // A deferred trigger blocks COMMIT.
    let trigger = "create or replace function drain_wait() returns trigger language plpgsql as \
                   'begin perform pg_advisory_xact_lock(4711); return null; end'; \
                   create constraint trigger drain_wait after insert on drain_commit deferrable initially deferred \
                   for each row execute function drain_wait()";
    stage.watcher.query(trigger).unwrap();
    let lock = stage.other_proxy.connect(USER, USER).unwrap();
    lock.query("select pg_advisory_lock(4711)").unwrap();
    let mut client = stage.log_in();
    client.query("begin");
    client.until('Z');
    client.query(&stage.insert(1));
    assert_eq!(client.until('Z'), ["INSERT 0 1", "Z"]);
    client.query("commit");
    stage.wait_until_blocked("commit");
    let (heard, rows) = stage.end(client, Some(lock));
    assert_eq!(heard, ["error 57014", "Z", "error 57P01"]);
    assert!(rows.is_empty(), "{rows:?}");
}

#[test]
fn a_running_copy_fails() {
    let stage = Stage::new("drain_copy");
    let mut client = stage.log_in();
    client.query("copy drain_copy from stdin");
    client.until('G');
    client.send('d', b"1\n2\n");
    let (heard, rows) = stage.end(client, None);
    assert_eq!(heard, ["error 57014", "Z", "error 57P01"]);
    assert!(rows.is_empty(), "{rows:?}");
}

#[test]
fn a_copy_with_the_extended_protocol_fails_too() {
    let stage = Stage::new("drain_copy_extended");
    let mut client = stage.log_in();
    client.pipeline(&["copy drain_copy_extended from stdin".to_owned()]);
    client.until('G');
    client.send('d', b"1\n2\n");
    let (heard, rows) = stage.end(client, None);
    assert_eq!(heard, ["error 57014", "error 57P01"]);
    assert!(rows.is_empty(), "{rows:?}");
}

#[test]
fn a_finished_copy_is_committed() {
    let stage = Stage::new("drain_copied");
    let mut client = stage.log_in();
    client.query("copy drain_copied from stdin");
    client.until('G');
    client.send('d', b"1\n2\n");
    client.send('c', b"");
    assert_eq!(client.until('Z'), ["COPY 2", "Z"]);
    let (heard, rows) = stage.end(client, None);
    assert_eq!(heard, ["error 57P01"]);
    assert_eq!(rows, ["1", "2"]);
}

#[test]
fn an_idle_transaction_is_rolled_back() {
    let stage = Stage::new("drain_transaction");
    let mut client = stage.log_in();
    client.query("begin");
    client.until('Z');
    client.query(&stage.insert(1));
    assert_eq!(client.until('Z'), ["INSERT 0 1", "Z"]);
    let (heard, rows) = stage.end(client, None);
    assert_eq!(heard, ["error 57P01"]);
    assert!(rows.is_empty(), "{rows:?}");
}

#[test]
fn a_partial_message_is_not_executed() {
    let stage = Stage::new("drain_half");
    let mut client = stage.log_in();
    client.query(&stage.insert(1));
    assert_eq!(client.until('Z'), ["INSERT 0 1", "Z"]);
    client.begin_query(&stage.insert(2));
    let (heard, rows) = stage.end(client, None);
    assert_eq!(heard, ["error 57P01"]);
    assert_eq!(rows, ["1"]);
}

#[test]
fn an_idle_session_ends_immediately() {
    let stage = Stage::new("drain_unused");
    let client = stage.log_in();
    let (heard, rows) = stage.end(client, None);
    assert_eq!(heard, ["error 57P01"]);
    assert!(rows.is_empty(), "{rows:?}");
}

#[test]
fn a_statement_longer_than_the_idle_timeout_completes() {
    let stage = shared();
    let proxy = Pod::new(&stage).proxy(&["--idle-timeout", "300ms"]);
    let mut client = Wire::log_in(&proxy.address("listening"), USER, USER);
    client.query("select pg_sleep(2)");
    assert_eq!(client.until('Z'), ["T", "D", "SELECT 1", "Z"]);
    assert_eq!(client.rest(), ["error 57P05"]);
}

#[test]
fn the_process_id_is_the_servers_own() {
    let stage = shared();
    let proxy = Pod::new(&stage).proxy(&[]);
    let client = Wire::log_in(&proxy.address("listening"), USER, USER);
    let other = proxy.connect(USER, USER).unwrap();
    let terminate = format!("select pg_terminate_backend({})", client.process_id);
    assert_eq!(other.query(&terminate).unwrap(), "t");
    assert_eq!(client.rest(), ["error 57P01"]);
}
