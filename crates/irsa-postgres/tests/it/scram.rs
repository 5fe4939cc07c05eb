//! SCRAM-SHA-256 for clients. Errors do not reveal which users exist.

use std::sync::Arc;

use irsa_pgwire::backend::Authentication;
use irsa_pgwire::error_response::ErrorResponse;
use irsa_pgwire::frontend::{sasl_initial, sasl_response};
use irsa_pgwire::scram::{ClientExchange, DEFAULT_ITERATIONS, MECHANISM, Verifier};
use irsa_pgwire::sqlstate::SqlState;
use irsa_pgwire::startup::Startup;
use irsa_postgres::{ClientAuth, ScramUsers};
use irsa_testing::Log;

use crate::client::{Session, greeted, packet, startup};
use crate::proxy::{Proxy, SHORT, Setup, unix_socket};
use crate::server::{RunningServer, Server};
use crate::wire::{Wire, encoded, message};

const PASSWORD: &[u8] = b"correct horse";

async fn fixture() -> (RunningServer, Proxy) {
    fixture_with(DEFAULT_ITERATIONS).await
}

async fn fixture_with(iterations: u32) -> (RunningServer, Proxy) {
    let server = Server::new().run().await;
    let mut setup = Setup::for_server(&server);
    setup.client_auth = requiring(users(iterations));
    setup.limits.startup_timeout = SHORT * 5;
    (server, setup.start().await)
}

/// The users of the proxy: only `app`.
fn users(iterations: u32) -> ScramUsers {
    let verifier = Verifier::from_password(PASSWORD, &[3; 16], iterations).unwrap();
    let directory = tempfile::tempdir().unwrap();
    let file = directory.path().join("users");
    let text = format!("; who may connect\n\n\"app\" \"{}\"\n", verifier.expose());
    std::fs::write(&file, text).unwrap();
    ScramUsers::from_file(&file).unwrap()
}

fn requiring(users: ScramUsers) -> ClientAuth {
    ClientAuth {
        passwords: Some(Arc::new(users)),
        ..ClientAuth::default()
    }
}

fn startup_as(user: &'static str) -> Startup {
    let mut startup = startup();
    startup.parameters[0].1 = user.into();
    startup
}

/// A client that has received the challenge.
struct Challenged {
    wire: Wire,
    exchange: ClientExchange,
    challenge: Vec<u8>,
}

async fn challenged(proxy: &Proxy, user: &'static str, password: &[u8]) -> Challenged {
    let mut wire = proxy.connect().await;
    wire.send(packet(&startup_as(user))).await;
    let Authentication::Sasl { mechanisms } = authentication(&mut wire).await else {
        panic!("expected a SASL request");
    };
    assert_eq!(mechanisms, [MECHANISM]);
    let exchange = ClientExchange::begin(password, &[5; 18]);
    let first = exchange.first_message();
    wire.send(encoded(|buf| sasl_initial(MECHANISM, Some(&first), buf)))
        .await;
    let Authentication::SaslContinue(challenge) = authentication(&mut wire).await else {
        panic!("expected a challenge");
    };
    Challenged {
        wire,
        exchange,
        challenge: challenge.to_vec(),
    }
}

async fn log_in_as(
    proxy: &Proxy,
    user: &'static str,
    password: &[u8],
) -> Result<Session, ErrorResponse> {
    let mut client = challenged(proxy, user, password).await;
    let (proof, awaited) = client.exchange.answer(&client.challenge).unwrap();
    client
        .wire
        .send(encoded(|buf| sasl_response(&proof, buf)))
        .await;
    let answer = client.wire.message().await.unwrap();
    if answer.tag == b'E' {
        assert_eq!(client.wire.rest().await, "");
        return Err(answer.error());
    }
    let Authentication::SaslFinal(signature) = Authentication::parse(answer.body()).unwrap() else {
        panic!("expected the signature of the proxy");
    };
    awaited.verify(&signature).unwrap();
    greeted(client.wire).await
}

async fn authentication(wire: &mut Wire) -> Authentication {
    let message = wire.message().await.unwrap();
    Authentication::parse(message.body()).unwrap()
}

/// Returns the salt and the iteration count of a challenge, as text.
fn salt_of(challenge: &[u8]) -> String {
    let text = String::from_utf8(challenge.to_vec()).unwrap();
    text.split_once(',').unwrap().1.to_owned()
}

#[tokio::test]
async fn the_correct_password_opens_a_session() {
    let (server, proxy) = fixture().await;
    let session = log_in_as(&proxy, "app", PASSWORD).await.unwrap();
    assert_eq!(session.tags(), "RSSKZ");
    assert_eq!(server.login().passwords.len(), 1, "a token");
}

#[tokio::test]
async fn the_correct_unix_user_must_also_send_the_password() {
    let own = rustix::process::geteuid().as_raw();
    for (uid, is_right) in [(own, true), (own + 1, false)] {
        let directory = tempfile::tempdir().unwrap();
        let server = Server::new().run().await;
        let setup = Setup {
            client_auth: ClientAuth {
                unix_uid: Some(uid),
                ..requiring(users(DEFAULT_ITERATIONS))
            },
            listen: unix_socket(&directory),
            ..Setup::for_server(&server)
        };
        let proxy = setup.start().await;
        if is_right {
            let error = log_in_as(&proxy, "app", b"wrong").await.err().unwrap();
            assert_eq!(error.code, SqlState::INVALID_PASSWORD);
            log_in_as(&proxy, "app", PASSWORD).await.unwrap();
        } else {
            let error = proxy.refusal().await;
            assert!(error.message.contains("different Unix user"), "{error:?}");
            assert_eq!(server.connections(), 0);
        }
    }
}

#[tokio::test]
async fn over_tcp_only_the_password_is_checked() {
    let server = Server::new().run().await;
    let mut setup = Setup::for_server(&server);
    setup.client_auth = ClientAuth {
        unix_uid: Some(rustix::process::geteuid().as_raw()),
        ..requiring(users(DEFAULT_ITERATIONS))
    };
    let proxy = setup.start().await;
    log_in_as(&proxy, "app", PASSWORD).await.unwrap();
    let error = log_in_as(&proxy, "app", b"wrong").await.err().unwrap();
    assert_eq!(error.code, SqlState::INVALID_PASSWORD);
}

#[tokio::test]
async fn a_wrong_password_and_an_unknown_user_get_the_same_error() {
    let (server, proxy) = fixture().await;
    let wrong = log_in_as(&proxy, "app", b"wrong").await.err().unwrap();
    let unknown = log_in_as(&proxy, "unknown", PASSWORD).await.err().unwrap();
    assert_eq!(wrong.code, SqlState::INVALID_PASSWORD);
    let mut same = unknown.clone();
    same.message = same.message.replace("unknown", "app");
    assert_eq!(same, wrong);
    assert_eq!(server.connections(), 0, "irsa does not contact the server");
}

#[tokio::test]
async fn the_salt_of_an_unknown_user_is_as_constant_as_that_of_a_known_user() {
    let (_server, proxy) = fixture().await;
    let mut salts = Vec::new();
    for user in ["app", "app", "unknown", "unknown", "nemo"] {
        let client = challenged(&proxy, user, PASSWORD).await;
        salts.push(salt_of(&client.challenge));
    }
    let [known, known_again, unknown, unknown_again, another] = salts.try_into().unwrap();
    assert_eq!(known, known_again);
    assert_eq!(unknown, unknown_again);
    assert_ne!(unknown, another);
    assert_eq!(known.len(), unknown.len());
}

#[tokio::test]
async fn unknown_users_have_the_same_iteration_count_as_known_users() {
    let (_server, proxy) = fixture_with(5_000).await;
    for user in ["app", "unknown"] {
        let client = challenged(&proxy, user, PASSWORD).await;
        let salt = salt_of(&client.challenge);
        assert!(salt.ends_with(",i=5000"), "{user}: {salt}");
    }
}

#[tokio::test]
async fn a_client_that_requires_channel_binding_gets_an_error() {
    let (_server, proxy) = fixture().await;
    let mut wire = proxy.connect().await;
    wire.send(packet(&startup())).await;
    authentication(&mut wire).await;
    let first = b"p=tls-server-end-point,,n=,r=abc";
    wire.send(encoded(|buf| sasl_initial(MECHANISM, Some(first), buf)))
        .await;
    let error = wire.final_error().await;
    assert_eq!(error.code, SqlState::PROTOCOL_VIOLATION);
    assert!(error.message.contains("channel binding"), "{error:?}");
}

#[tokio::test]
async fn a_wrong_password_is_logged_and_a_client_that_disconnects_to_ask_for_it_is_not() {
    let (log, _guard) = Log::capture();
    let (_server, proxy) = fixture().await;
    let mut wire = proxy.connect().await;
    wire.send(packet(&startup())).await;
    authentication(&mut wire).await;
    drop(wire);
    proxy.until_sessions_are(0).await;
    assert!(!log.text().contains("client refused"), "{}", log.text());
    assert_eq!(proxy.metric("postgres_refusals_total"), 0);

    assert!(log_in_as(&proxy, "app", b"wrong").await.is_err());
    assert!(log.text().contains("client refused"), "{}", log.text());
    assert_eq!(proxy.metric("postgres_refusals_total"), 1);
}

#[tokio::test]
async fn a_response_that_is_not_scram_is_rejected() {
    let (server, proxy) = fixture().await;
    let not_scram = [
        message(b'p', b"SCRAM-SHA-1\0\xff\xff\xff\xff"),
        message(b'p', b"SCRAM-SHA-256\0\0\0\0\x04n,,x"),
        message(b'p', b"clear-text password\0"),
        message(b'Q', b"select 1\0"),
        message(b'p', &vec![0; 100_000]),
    ];
    for answer in not_scram {
        let mut wire = proxy.connect().await;
        wire.send(packet(&startup())).await;
        authentication(&mut wire).await;
        let _ = wire.try_send(answer).await;
        let error = wire.message().await.unwrap().error();
        assert_eq!(error.code, SqlState::PROTOCOL_VIOLATION, "{error:?}");
    }
    assert_eq!(server.connections(), 0);
    proxy.end().await;
}

#[tokio::test]
async fn a_client_that_does_not_respond_is_disconnected() {
    let (_server, proxy) = fixture().await;
    let mut wire = proxy.connect().await;
    wire.send(packet(&startup())).await;
    authentication(&mut wire).await;
    let error = wire.final_error().await;
    assert_eq!(error.code, SqlState::QUERY_CANCELED);
    proxy.end().await;
}

#[test]
fn a_password_file_with_clear_text_passwords_is_rejected_without_showing_them() {
    let directory = tempfile::tempdir().unwrap();
    let file = directory.path().join("users");
    for line in [
        "\"app\" \"hush\"",
        "app hush",
        "\"\" \"hush\"",
        "\"app\" hush",
    ] {
        std::fs::write(&file, format!("\n{line}\n")).unwrap();
        let error = ScramUsers::from_file(&file).unwrap_err();
        assert!(error.to_string().starts_with("line 2 of"), "{error}");
        assert!(!format!("{error} {error:?}").contains("hush"), "{error}");
    }
}
