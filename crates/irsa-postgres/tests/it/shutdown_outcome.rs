//! Termination after the drain: the client learns the outcome of its last request.

use bytes::Bytes;
use irsa_net::limit::ConnectionLimit;
use irsa_pgwire::backend::{TransactionStatus, ready_for_query};
use irsa_pgwire::error_response::ErrorResponse;
use irsa_pgwire::frontend::{COPY_FAIL, query};
use irsa_pgwire::sqlstate::SqlState;
use irsa_pgwire::startup::{CancelKey, Version};
use irsa_postgres::Limits;

use crate::client::{log_in, startup_with_version};
use crate::proxy::{Proxy, SHORT, Setup};
use crate::server::{RunningServer, Server};
use crate::wire::{Wire, encoded, message};

struct Fixture {
    server: RunningServer,
    proxy: Proxy,
    client: Wire,
    upstream: Wire,
}

// === impl Fixture ===

impl Fixture {
    async fn new() -> Self {
        Self::with(Server::new(), |_| {}).await
    }

    async fn with(server: Server, change: impl FnOnce(&mut Setup)) -> Self {
        let server = server.run().await;
        let mut setup = Setup::for_server(&server);
        change(&mut setup);
        let proxy = setup.start().await;
        Self {
            client: proxy.log_in().await.unwrap().wire,
            upstream: server.session().await,
            server,
            proxy,
        }
    }

    /// Sends from the client and waits until the bytes arrive at the server.
    async fn ask(&mut self, bytes: impl AsRef<[u8]>) {
        let bytes = bytes.as_ref();
        self.client.send(bytes).await;
        assert_eq!(self.upstream.bytes(bytes.len()).await, bytes);
    }

    /// Sends from the server and waits until the bytes arrive at the client.
    async fn answer(&mut self, bytes: impl AsRef<[u8]>) {
        let bytes = bytes.as_ref();
        self.upstream.send(bytes).await;
        assert_eq!(self.client.bytes(bytes.len()).await, bytes);
    }

    async fn is_canceled(&self) {
        let key = CancelKey::new(4711, vec![9; 4]);
        assert_eq!(self.server.cancel().await, key);
    }

    /// Asserts that the client gets only the notice with `code` and that the server receives no more bytes.
    async fn ends_with(mut self, code: SqlState) {
        let error = self.client.final_error().await;
        assert_eq!(error.code, code, "{error:?}");
        assert_eq!(self.upstream.rest().await, "");
        let unresolved = self.proxy.metric("postgres_sessions_unresolved_total");
        let unknown = SqlState::TRANSACTION_RESOLUTION_UNKNOWN;
        assert_eq!(unresolved, u64::from(code == unknown));
        drop(self.upstream);
        self.proxy.end().await;
    }

    /// Asserts that the session ends without a cancel request.
    async fn ends_immediately(self) {
        assert_eq!(self.server.connections(), 1);
        self.ends_with(SqlState::ADMIN_SHUTDOWN).await;
    }
}

fn insert() -> Bytes {
    encoded(|buf| query("insert into t values (1)", buf))
}

fn execute() -> Bytes {
    message(b'E', b"\0\0\0\0\0")
}

fn sync() -> Bytes {
    message(b'S', b"")
}

fn ready() -> Bytes {
    encoded(|buf| ready_for_query(TransactionStatus::Idle, buf))
}

fn canceled() -> Bytes {
    let error = ErrorResponse::fatal(
        SqlState::QUERY_CANCELED,
        "canceling statement due to user request",
    );
    encoded(|buf| error.encode(buf))
}

fn complete() -> Bytes {
    message(b'C', b"INSERT 0 1\0")
}

#[tokio::test]
async fn an_unused_session_ends_immediately() {
    let fixture = Fixture::new().await;
    fixture.proxy.terminate.start();
    fixture.ends_immediately().await;
}

#[tokio::test]
async fn an_idle_transaction_ends_immediately() {
    let mut fixture = Fixture::new().await;
    fixture.ask(encoded(|buf| query("begin", buf))).await;
    let in_transaction = encoded(|buf| ready_for_query(TransactionStatus::InTransaction, buf));
    fixture.answer(in_transaction).await;
    fixture.proxy.terminate.start();
    fixture.ends_immediately().await;
}

#[tokio::test]
async fn a_running_statement_is_canceled_and_the_servers_error_relayed() {
    let mut fixture = Fixture::new().await;
    fixture.ask(insert()).await;
    fixture.proxy.terminate.start();
    fixture.is_canceled().await;
    fixture.answer([canceled(), ready()].concat()).await;
    fixture.ends_with(SqlState::ADMIN_SHUTDOWN).await;
}

#[tokio::test]
async fn the_result_of_a_statement_that_ends_in_time_is_relayed() {
    let mut fixture = Fixture::new().await;
    fixture.ask(insert()).await;
    fixture.proxy.terminate.start();
    fixture.is_canceled().await;
    fixture.answer([complete(), ready()].concat()).await;
    fixture.ends_with(SqlState::ADMIN_SHUTDOWN).await;
}

#[tokio::test]
async fn a_pipeline_is_canceled_until_all_of_it_is_answered() {
    let mut fixture = Fixture::new().await;
    let request = [execute(), sync()].concat();
    fixture.ask(request.repeat(3)).await;
    fixture.proxy.terminate.start();
    fixture.is_canceled().await;
    for _ in 0..2 {
        fixture.answer([canceled(), ready()].concat()).await;
        fixture.is_canceled().await;
    }
    fixture.answer([complete(), ready()].concat()).await;
    fixture.ends_with(SqlState::ADMIN_SHUTDOWN).await;
}

#[tokio::test]
async fn a_statement_without_a_sync_is_answered_by_its_response() {
    for reply in [complete(), canceled()] {
        let mut fixture = Fixture::new().await;
        let flush = message(b'H', b"");
        fixture.ask([execute(), flush].concat()).await;
        fixture.proxy.terminate.start();
        fixture.is_canceled().await;
        fixture.answer(reply).await;
        fixture.ends_with(SqlState::ADMIN_SHUTDOWN).await;
    }
}

#[tokio::test]
async fn later_messages_of_the_client_do_not_reach_the_server() {
    let mut fixture = Fixture::new().await;
    fixture.ask(insert()).await;
    fixture.proxy.terminate.start();
    fixture.is_canceled().await;
    fixture.client.send(insert().repeat(1_000)).await;
    fixture.answer([canceled(), ready()].concat()).await;
    fixture.ends_with(SqlState::ADMIN_SHUTDOWN).await;
}

#[tokio::test]
async fn a_session_with_an_incomplete_message_ends_immediately() {
    let mut fixture = Fixture::new().await;
    fixture.ask(&insert()[..10]).await;
    fixture.proxy.terminate.start();
    fixture.ends_immediately().await;
}

#[tokio::test]
async fn a_statement_before_an_incomplete_message_is_waited_for() {
    let mut fixture = Fixture::new().await;
    fixture.ask([&insert(), &insert()[..10]].concat()).await;
    fixture.proxy.terminate.start();
    fixture.is_canceled().await;
    fixture.answer([canceled(), ready()].concat()).await;
    fixture.ends_with(SqlState::ADMIN_SHUTDOWN).await;
}

#[tokio::test]
async fn a_copy_that_waits_for_data_is_ended_with_copy_fail() {
    let mut fixture = Fixture::new().await;
    fixture
        .ask(encoded(|buf| query("copy t from stdin", buf)))
        .await;
    fixture.answer(message(b'G', b"\0\0\0")).await;
    fixture.ask(message(b'd', b"1\n")).await;
    fixture.proxy.terminate.start();
    assert_eq!(fixture.upstream.message().await.unwrap().tag, COPY_FAIL);
    fixture.answer([canceled(), ready()].concat()).await;
    fixture.ends_with(SqlState::ADMIN_SHUTDOWN).await;
}

#[tokio::test]
async fn a_copy_with_an_incomplete_message_ends_immediately() {
    let mut fixture = Fixture::new().await;
    fixture
        .ask(encoded(|buf| query("copy t from stdin", buf)))
        .await;
    fixture.answer(message(b'G', b"\0\0\0")).await;
    fixture.ask(&message(b'd', &[0; 100])[..50]).await;
    fixture.proxy.terminate.start();
    fixture.ends_immediately().await;
}

#[tokio::test]
async fn a_replication_stream_ends_immediately() {
    let mut fixture = Fixture::new().await;
    fixture
        .ask(encoded(|buf| query("START_REPLICATION 0/0", buf)))
        .await;
    fixture.answer(message(b'W', b"\0\0\0")).await;
    fixture.proxy.terminate.start();
    fixture.ends_immediately().await;
}

#[tokio::test]
async fn a_replication_command_is_waited_for_and_not_canceled() {
    let server = Server::new().run().await;
    let proxy = Setup::for_server(&server).start().await;
    let startup = startup_with_version(Version::V3_0).with("replication", "database");
    let client = log_in(proxy.connect().await, &startup).await;
    let mut fixture = Fixture {
        client: client.unwrap().wire,
        upstream: server.session().await,
        server,
        proxy,
    };
    fixture
        .ask(encoded(|buf| query("IDENTIFY_SYSTEM", buf)))
        .await;
    fixture.proxy.terminate.start();
    fixture.answer([complete(), ready()].concat()).await;
    fixture.ends_immediately().await;
}

#[tokio::test]
async fn an_outcome_that_is_not_known_in_time_is_reported_as_unknown() {
    let short = |setup: &mut Setup| setup.limits.termination_time = SHORT;
    let mut fixture = Fixture::with(Server::new(), short).await;
    fixture.ask(insert()).await;
    fixture.proxy.terminate.start();
    fixture.is_canceled().await;
    fixture
        .ends_with(SqlState::TRANSACTION_RESOLUTION_UNKNOWN)
        .await;
}

#[tokio::test]
async fn a_session_is_not_canceled_while_others_use_all_cancel_connections() {
    let limits = Limits {
        shutdown_cancels: ConnectionLimit::new(1),
        termination_time: SHORT,
        ..Limits::default()
    };
    // Like a database that shares the same limits.
    let _taken = limits.clone().shutdown_cancels.try_acquire().unwrap();
    let mut fixture = Fixture::with(Server::new(), |setup| setup.limits = limits).await;
    fixture.ask(insert()).await;
    fixture.proxy.terminate.start();
    let error = fixture.client.final_error().await;
    assert_eq!(error.code, SqlState::TRANSACTION_RESOLUTION_UNKNOWN);
    assert_eq!(fixture.server.connections(), 1);
}

#[tokio::test]
async fn without_a_cancel_key_the_outcome_depends_on_the_response() {
    let short = |setup: &mut Setup| setup.limits.termination_time = SHORT;
    let mut fixture = Fixture::with(Server::new().without_key(), short).await;
    fixture.ask(insert()).await;
    fixture.proxy.terminate.start();
    assert_eq!(fixture.server.connections(), 1);
    fixture
        .ends_with(SqlState::TRANSACTION_RESOLUTION_UNKNOWN)
        .await;

    let mut fixture = Fixture::with(Server::new().without_key(), |_| {}).await;
    fixture.ask(insert()).await;
    fixture.proxy.terminate.start();
    fixture.answer([complete(), ready()].concat()).await;
    fixture.ends_immediately().await;
}

#[tokio::test]
async fn a_fatal_error_of_the_server_during_termination_is_relayed() {
    let mut fixture = Fixture::new().await;
    fixture.ask(insert()).await;
    fixture.proxy.terminate.start();
    fixture.is_canceled().await;
    let error = ErrorResponse::fatal(SqlState::ADMIN_SHUTDOWN, "terminating connection");
    fixture.answer(encoded(|buf| error.encode(buf))).await;
    fixture.upstream.shut_down().await;
    assert_eq!(fixture.client.rest().await, "");
    fixture.proxy.end().await;
}
