//! Tokens and keys never appear in logs, errors or `Debug` output.

use irsa_pgwire::scram::Verifier;
use irsa_postgres::ScramUsers;

use crate::proxy::{SECRET_KEY, SESSION_TOKEN, Setup};
use crate::server::{RunningServer, Server, Step, refusal};
use irsa_testing::Log;

/// All secrets that must not appear.
fn secrets_of(server: &RunningServer) -> Vec<String> {
    let logins = server.logins().into_iter();
    let tokens: Vec<String> = logins.flat_map(|login| login.passwords).collect();
    assert!(!tokens.is_empty(), "the server received a token");
    let signatures = tokens.iter().map(|token| {
        let (_, rest) = token.split_once("X-Amz-Signature=").unwrap();
        rest.split('&').next().unwrap().to_owned()
    });
    let encoded_session = SESSION_TOKEN
        .replace('/', "%2F")
        .replace('+', "%2B")
        .replace('=', "%3D");
    let keys = [SECRET_KEY, SESSION_TOKEN, &encoded_session].map(str::to_owned);
    assert!(
        tokens[0].contains(&encoded_session),
        "the token contains the encoded session token"
    );
    signatures.chain(keys).chain(tokens.clone()).collect()
}

fn assert_clean(text: &str, secrets: &[String]) {
    for secret in secrets {
        assert!(!text.contains(secret), "`{secret}` in {text}");
    }
}

#[tokio::test]
async fn a_successful_login_logs_no_secret() {
    let (log, _guard) = Log::capture();
    let server = Server::new().run().await;
    let proxy = Setup::for_server(&server).start().await;
    let session = proxy.log_in().await.unwrap();
    drop(session.wire);
    drop(server.session().await);
    let debug = format!("{:?}", proxy.database);
    proxy.end().await;
    assert!(log.text().contains("session ended"), "the capture works");
    assert_clean(&log.text(), &secrets_of(&server));
    assert_clean(&debug, &secrets_of(&server));
}

#[tokio::test]
async fn a_failed_login_exposes_no_secret() {
    let (log, _guard) = Log::capture();
    let script = [Step::ask_for_password(), Step::refuse(&refusal())];
    let server = Server::new().on_each_login(script).run().await;
    let proxy = Setup::for_server(&server).start().await;
    let error = format!("{:?}", proxy.refusal().await);
    assert!(log.text().contains("login refused"), "the capture works");
    let debug = format!("{:?}", proxy.database);
    assert_clean(&[log.text(), error, debug].concat(), &secrets_of(&server));
}

#[tokio::test]
async fn a_token_that_the_server_quotes_is_redacted() {
    let (log, _guard) = Log::capture();
    let script = [Step::ask_for_password(), Step::QuotePassword];
    let server = Server::new().on_each_login(script).run().await;
    let proxy = Setup::for_server(&server).start().await;
    let error = format!("{:?}", proxy.refusal().await);
    assert!(error.contains("no such password: [redacted]"), "{error}");
    assert_clean(&[log.text(), error].concat(), &secrets_of(&server));
}

#[tokio::test]
async fn debug_output_contains_names_but_no_keys() {
    let verifier = Verifier::from_password(b"hush-hush", &[3; 16], 4096).unwrap();
    let exposed = verifier.expose();
    let directory = tempfile::tempdir().unwrap();
    let file = directory.path().join("users");
    std::fs::write(&file, format!("\"app\" \"{exposed}\"\n")).unwrap();
    let server = Server::new().run().await;
    let mut setup = Setup::for_server(&server);
    setup.client_auth.passwords = Some(ScramUsers::from_file(&file).unwrap().into());
    let debug = format!("{:?}", setup.into_parts());
    assert!(debug.contains("orders.cluster-"), "{debug}");
    let (_, stored) = exposed.rsplit_once('$').unwrap();
    let (stored, shared) = stored.split_once(':').unwrap();
    for secret in [SECRET_KEY, SESSION_TOKEN, "hush-hush", stored, shared] {
        assert!(!debug.contains(secret), "`{secret}` in {debug}");
    }
}
