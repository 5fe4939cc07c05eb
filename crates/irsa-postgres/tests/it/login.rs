//! Successful logins: when the token is sent, and what it is signed for.

use irsa_pgwire::backend::{self, Authentication, TransactionStatus};
use irsa_pgwire::error_response::ErrorResponse;
use irsa_pgwire::sqlstate::SqlState;

use crate::client::{log_in, startup};
use crate::proxy::{SHORT, Setup};
use crate::server::{HOST, Server, Step};
use crate::wire::encoded;

#[tokio::test]
async fn the_token_is_signed_for_the_endpoint_and_the_clients_user() {
    let server = Server::new().run().await;
    let proxy = Setup::for_server(&server).start().await;
    proxy.log_in().await.unwrap();
    let [token] = server.login().passwords.try_into().unwrap();
    let begin = format!("{HOST}:5432/?Action=connect&DBUser=app&");
    assert!(
        token.starts_with(&begin),
        "not for the address that irsa connects to"
    );
    assert!(token.contains("X-Amz-Signature="));
}

#[tokio::test]
async fn only_logins_of_the_same_user_share_a_token() {
    let server = Server::new().run().await;
    let proxy = Setup::for_server(&server).start().await;
    let mut other = startup();
    other.parameters[0].1 = "reports".into();
    for startup in [startup(), startup(), other] {
        log_in(proxy.connect().await, &startup).await.unwrap();
    }
    let logins = server.logins();
    assert_eq!(logins[0].passwords, logins[1].passwords);
    assert_ne!(logins[0].passwords, logins[2].passwords);
}

#[tokio::test]
async fn no_token_is_sent_before_the_password_request() {
    let server = Server::new().on_each_login([Step::Hang]).run().await;
    let mut setup = Setup::for_server(&server);
    setup.limits.login_timeout = SHORT;
    let error = setup.start().await.refusal().await;
    assert!(error.message.contains("endpoint-timeout"), "{error:?}");
    assert!(server.login().passwords.is_empty());
}

#[tokio::test]
async fn a_server_that_requests_no_password_gets_no_token() {
    let server = Server::new().on_each_login([Step::AcceptLogin]).run().await;
    let proxy = Setup::for_server(&server).start().await;
    let mut client = proxy.log_in().await.unwrap().wire;
    client.send(b"Q\0\0\0\x05\0").await;
    let first = server.session().await.message().await.unwrap();
    assert_eq!(
        first.tag, b'Q',
        "irsa sends nothing after the startup packet"
    );
}

#[tokio::test]
async fn a_notice_during_the_login_reaches_the_client() {
    let notice = ErrorResponse::warning(SqlState::WARNING, "collation version mismatch");
    let greeting = encoded(|buf| {
        Authentication::Ok.encode(buf);
        notice.encode_notice(buf);
        backend::ready_for_query(TransactionStatus::Idle, buf);
    });
    let script = [Step::ask_for_password(), Step::send(greeting), Step::Hang];
    let server = Server::new().on_each_login(script).run().await;
    let proxy = Setup::for_server(&server).start().await;
    let session = proxy.log_in().await.unwrap();
    assert_eq!(
        session.tags(),
        "RNZ",
        "no key, because the server sent no key"
    );
    let seen = ErrorResponse::parse(session.greeting[1].body()).unwrap();
    assert_eq!(seen, notice);
}

#[tokio::test]
async fn logins_are_counted_and_timed() {
    let server = Server::new().run().await;
    let proxy = Setup::for_server(&server).start().await;
    let _session = proxy.log_in().await.unwrap();
    assert_eq!(proxy.metric("postgres_connections_total"), 1);
    assert_eq!(proxy.metric("postgres_sessions_active"), 1);
    assert_eq!(proxy.metric("postgres_login_duration_seconds_count"), 1);
}
