//! The end of a drain: what the client hears is what became of its request.

use bytes::Bytes;
use irsa_net::limit::ConnectionLimit;
use irsa_pgwire::backend::{TransactionStatus, ready_for_query};
use irsa_pgwire::error_response::ErrorResponse;
use irsa_pgwire::frontend::{COPY_FAIL, query};
use irsa_pgwire::sqlstate::SqlState;
use irsa_pgwire::startup::{CancelKey, Version};
use irsa_postgres::Limits;

use crate::client::{log_in, startup_of};
use crate::proxy::{Proxy, SHORT, Setup};
use crate::server::{RunningServer, Server};
use crate::wire::{Wire, encoded, message};

struct Stage {
    server: RunningServer,
    proxy: Proxy,
    client: Wire,
    upstream: Wire,
}

// === impl Stage ===

impl Stage {
    async fn new() -> Self {
        Self::with(Server::new(), |_| {}).await
    }

    async fn with(server: Server, change: impl FnOnce(&mut Setup)) -> Self {
        let server = server.run().await;
        let mut setup = Setup::of(&server);
        change(&mut setup);
        let proxy = setup.start().await;
        Self {
            client: proxy.log_in().await.unwrap().wire,
            upstream: server.session().await,
            server,
            proxy,
        }
    }

    /// Sends from the client and waits until it is at the server.
    async fn ask(&mut self, bytes: impl AsRef<[u8]>) {
        let bytes = bytes.as_ref();
        self.client.send(bytes).await;
        assert_eq!(self.upstream.bytes(bytes.len()).await, bytes);
    }

    /// Sends from the server and waits until it is at the client.
    async fn answer(&mut self, bytes: impl AsRef<[u8]>) {
        let bytes = bytes.as_ref();
        self.upstream.send(bytes).await;
        assert_eq!(self.client.bytes(bytes.len()).await, bytes);
    }

    async fn is_canceled(&self) {
        let key = CancelKey::new(4711, vec![9; 4]);
        assert_eq!(self.server.cancel().await, key);
    }

    /// Checks that all that still comes is the notice with `code`, and that nothing more reached the server.
    async fn ends_with(mut self, code: SqlState) {
        let error = self.client.last_words().await;
        assert_eq!(error.code, code, "{error:?}");
        assert_eq!(self.upstream.rest().await, "");
        let unresolved = self.proxy.metric("postgres_sessions_unresolved_total");
        let unknown = SqlState::TRANSACTION_RESOLUTION_UNKNOWN;
        assert_eq!(unresolved, u64::from(code == unknown));
        drop(self.upstream);
        self.proxy.end().await;
    }

    /// The same where no cancel request was sent either.
    async fn ends_at_once(self) {
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
async fn an_unused_session_ends_at_once() {
    let stage = Stage::new().await;
    stage.proxy.cut.start();
    stage.ends_at_once().await;
}

#[tokio::test]
async fn a_transaction_that_waits_for_its_client_ends_at_once() {
    let mut stage = Stage::new().await;
    stage.ask(encoded(|buf| query("begin", buf))).await;
    let in_transaction = encoded(|buf| ready_for_query(TransactionStatus::InTransaction, buf));
    stage.answer(in_transaction).await;
    stage.proxy.cut.start();
    stage.ends_at_once().await;
}

#[tokio::test]
async fn a_running_statement_is_canceled_and_the_servers_error_passed_on() {
    let mut stage = Stage::new().await;
    stage.ask(insert()).await;
    stage.proxy.cut.start();
    stage.is_canceled().await;
    stage.answer([canceled(), ready()].concat()).await;
    stage.ends_with(SqlState::ADMIN_SHUTDOWN).await;
}

#[tokio::test]
async fn a_statement_that_ends_in_time_has_its_result_passed_on() {
    let mut stage = Stage::new().await;
    stage.ask(insert()).await;
    stage.proxy.cut.start();
    stage.is_canceled().await;
    stage.answer([complete(), ready()].concat()).await;
    stage.ends_with(SqlState::ADMIN_SHUTDOWN).await;
}

#[tokio::test]
async fn a_pipeline_is_canceled_until_all_of_it_is_answered() {
    let mut stage = Stage::new().await;
    let request = [execute(), sync()].concat();
    stage.ask(request.repeat(3)).await;
    stage.proxy.cut.start();
    stage.is_canceled().await;
    for _ in 0..2 {
        stage.answer([canceled(), ready()].concat()).await;
        stage.is_canceled().await;
    }
    stage.answer([complete(), ready()].concat()).await;
    stage.ends_with(SqlState::ADMIN_SHUTDOWN).await;
}

#[tokio::test]
async fn a_statement_without_a_sync_is_answered_by_its_own_reply() {
    for reply in [complete(), canceled()] {
        let mut stage = Stage::new().await;
        let flush = message(b'H', b"");
        stage.ask([execute(), flush].concat()).await;
        stage.proxy.cut.start();
        stage.is_canceled().await;
        stage.answer(reply).await;
        stage.ends_with(SqlState::ADMIN_SHUTDOWN).await;
    }
}

#[tokio::test]
async fn what_the_client_sends_from_then_on_never_reaches_the_server() {
    let mut stage = Stage::new().await;
    stage.ask(insert()).await;
    stage.proxy.cut.start();
    stage.is_canceled().await;
    stage.client.send(insert().repeat(1_000)).await;
    stage.answer([canceled(), ready()].concat()).await;
    stage.ends_with(SqlState::ADMIN_SHUTDOWN).await;
}

#[tokio::test]
async fn half_a_message_does_not_keep_a_session_from_ending_at_once() {
    let mut stage = Stage::new().await;
    stage.ask(&insert()[..10]).await;
    stage.proxy.cut.start();
    stage.ends_at_once().await;
}

#[tokio::test]
async fn a_statement_is_waited_for_although_half_a_message_is_behind_it() {
    let mut stage = Stage::new().await;
    stage.ask([&insert(), &insert()[..10]].concat()).await;
    stage.proxy.cut.start();
    stage.is_canceled().await;
    stage.answer([canceled(), ready()].concat()).await;
    stage.ends_with(SqlState::ADMIN_SHUTDOWN).await;
}

#[tokio::test]
async fn a_copy_that_waits_for_data_is_told_to_fail() {
    let mut stage = Stage::new().await;
    stage
        .ask(encoded(|buf| query("copy t from stdin", buf)))
        .await;
    stage.answer(message(b'G', b"\0\0\0")).await;
    stage.ask(message(b'd', b"1\n")).await;
    stage.proxy.cut.start();
    assert_eq!(stage.upstream.message().await.unwrap().tag, COPY_FAIL);
    stage.answer([canceled(), ready()].concat()).await;
    stage.ends_with(SqlState::ADMIN_SHUTDOWN).await;
}

#[tokio::test]
async fn a_copy_in_the_middle_of_its_data_ends_at_once() {
    let mut stage = Stage::new().await;
    stage
        .ask(encoded(|buf| query("copy t from stdin", buf)))
        .await;
    stage.answer(message(b'G', b"\0\0\0")).await;
    stage.ask(&message(b'd', &[0; 100])[..50]).await;
    stage.proxy.cut.start();
    stage.ends_at_once().await;
}

#[tokio::test]
async fn a_stream_of_replication_ends_at_once() {
    let mut stage = Stage::new().await;
    stage
        .ask(encoded(|buf| query("START_REPLICATION 0/0", buf)))
        .await;
    stage.answer(message(b'W', b"\0\0\0")).await;
    stage.proxy.cut.start();
    stage.ends_at_once().await;
}

#[tokio::test]
async fn a_replication_command_is_waited_for_and_not_canceled() {
    let server = Server::new().run().await;
    let proxy = Setup::of(&server).start().await;
    let startup = startup_of(Version::V3_0).with("replication", "database");
    let client = log_in(proxy.connect().await, &startup).await;
    let mut stage = Stage {
        client: client.unwrap().wire,
        upstream: server.session().await,
        server,
        proxy,
    };
    stage
        .ask(encoded(|buf| query("IDENTIFY_SYSTEM", buf)))
        .await;
    stage.proxy.cut.start();
    stage.answer([complete(), ready()].concat()).await;
    stage.ends_at_once().await;
}

#[tokio::test]
async fn an_outcome_that_is_not_known_in_time_is_said_to_be_unknown() {
    let short = |setup: &mut Setup| setup.limits.termination_time = SHORT;
    let mut stage = Stage::with(Server::new(), short).await;
    stage.ask(insert()).await;
    stage.proxy.cut.start();
    stage.is_canceled().await;
    stage
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
    // As a database does that was made from the same limits.
    let _taken = limits.clone().shutdown_cancels.try_acquire().unwrap();
    let mut stage = Stage::with(Server::new(), |setup| setup.limits = limits).await;
    stage.ask(insert()).await;
    stage.proxy.cut.start();
    let error = stage.client.last_words().await;
    assert_eq!(error.code, SqlState::TRANSACTION_RESOLUTION_UNKNOWN);
    assert_eq!(stage.server.connections(), 1);
}

#[tokio::test]
async fn without_a_cancel_key_the_outcome_is_unknown_unless_the_answer_comes() {
    let short = |setup: &mut Setup| setup.limits.termination_time = SHORT;
    let mut stage = Stage::with(Server::new().without_key(), short).await;
    stage.ask(insert()).await;
    stage.proxy.cut.start();
    assert_eq!(stage.server.connections(), 1);
    stage
        .ends_with(SqlState::TRANSACTION_RESOLUTION_UNKNOWN)
        .await;

    let mut stage = Stage::with(Server::new().without_key(), |_| {}).await;
    stage.ask(insert()).await;
    stage.proxy.cut.start();
    stage.answer([complete(), ready()].concat()).await;
    stage.ends_at_once().await;
}

#[tokio::test]
async fn a_server_that_ends_meanwhile_has_the_last_word() {
    let mut stage = Stage::new().await;
    stage.ask(insert()).await;
    stage.proxy.cut.start();
    stage.is_canceled().await;
    let farewell = ErrorResponse::fatal(SqlState::ADMIN_SHUTDOWN, "terminating connection");
    let farewell = encoded(|buf| farewell.encode(buf));
    stage.answer(farewell).await;
    stage.upstream.shut_down().await;
    assert_eq!(stage.client.rest().await, "");
    stage.proxy.end().await;
}
