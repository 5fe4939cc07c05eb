//! libpq's second attempt in clear text after a refusal over TLS (`sslmode=prefer`).

use std::sync::Arc;

use irsa_net::tls::LocalAuthority;
use irsa_pgwire::error_response::ErrorResponse;
use irsa_pgwire::scram::Verifier;
use irsa_pgwire::sqlstate::SqlState;
use irsa_pgwire::startup::Startup;
use irsa_postgres::{ClientAuth, ScramUsers};
use rustls::ClientConfig;

use crate::client::{ask_for_tls, log_in, startup};
use crate::encryption::ALPN;
use crate::proxy::{Proxy, Setup, trusting};
use crate::server::{RunningServer, Server, Step, refusal};

struct Stage {
    server: RunningServer,
    proxy: Proxy,
    trust: Arc<ClientConfig>,
}

async fn stage_with(refused: &ErrorResponse, auth: ClientAuth) -> Stage {
    let authority = LocalAuthority::generate().unwrap();
    let script = [Step::ask_for_password(), Step::refuse(refused)];
    let server = Server::new().on_each_login(script).run().await;
    let setup = Setup {
        client_tls: Some(authority.server_config(&["localhost"], &[ALPN]).unwrap()),
        client_auth: auth,
        ..Setup::of(&server)
    };
    Stage {
        proxy: setup.start().await,
        trust: trusting(&authority, &[ALPN]),
        server,
    }
}

async fn stage(refused: &ErrorResponse) -> Stage {
    stage_with(refused, ClientAuth::default()).await
}

// === impl Stage ===

impl Stage {
    async fn over_tls(&self, startup: &Startup) -> ErrorResponse {
        let mut wire = self.proxy.connect().await;
        assert_eq!(ask_for_tls(&mut wire).await, b'S');
        let wire = wire.connect_tls(&self.trust, "localhost").await.unwrap();
        log_in(wire, startup).await.err().expect("it is refused")
    }

    async fn in_clear_text(&self, startup: &Startup) -> ErrorResponse {
        let wire = self.proxy.connect().await;
        log_in(wire, startup).await.err().expect("it is refused")
    }

    fn logins(&self) -> usize {
        self.server.logins().len()
    }
}

#[tokio::test]
async fn the_servers_refusal_is_repeated_once_without_the_server() {
    let stage = stage(&refusal()).await;
    let first = stage.over_tls(&startup()).await;
    assert_eq!(stage.in_clear_text(&startup()).await, first);
    assert_eq!(stage.logins(), 1);
    assert_eq!(stage.proxy.metric("postgres_refusals_total"), 1);
    assert_eq!(stage.proxy.metric("postgres_refusals_repeated_total"), 1);

    stage.in_clear_text(&startup()).await;
    assert_eq!(stage.logins(), 2, "a third attempt is a new one");
    stage.in_clear_text(&startup()).await;
    assert_eq!(
        stage.logins(),
        3,
        "an attempt in clear text is not remembered"
    );
}

#[tokio::test]
async fn other_requests_and_other_errors_are_not_answered_from_memory() {
    let other = startup().with("application_name", "other");
    let first = stage(&refusal()).await;
    first.over_tls(&startup()).await;
    first.in_clear_text(&other).await;
    assert_eq!(first.logins(), 2);
    first.over_tls(&startup()).await;
    assert_eq!(first.logins(), 3, "over TLS the server is always asked");

    let full = ErrorResponse::fatal(SqlState::TOO_MANY_CONNECTIONS, "sorry");
    let second = stage(&full).await;
    second.over_tls(&startup()).await;
    second.in_clear_text(&startup()).await;
    assert_eq!(second.logins(), 2);
}

#[tokio::test]
async fn a_refusal_by_irsas_own_client_authentication_is_not_remembered() {
    let verifier = Verifier::from_password(b"right", &[3; 16], 4096).unwrap();
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("users");
    std::fs::write(&file, format!("\"app\" \"{}\"\n", verifier.expose())).unwrap();
    let users = ScramUsers::from_file(&file).unwrap();
    let stage = stage_with(
        &refusal(),
        ClientAuth {
            passwords: Some(Arc::new(users)),
            ..ClientAuth::default()
        },
    )
    .await;
    for _ in 0..2 {
        // The client is asked for its password both times, and does not give it.
        let mut wire = stage.proxy.connect().await;
        assert_eq!(ask_for_tls(&mut wire).await, b'S');
        let wire = wire.connect_tls(&stage.trust, "localhost").await.unwrap();
        assert_asks_for_password(wire).await;
        assert_asks_for_password(stage.proxy.connect().await).await;
    }
    assert_eq!(stage.logins(), 0);
    assert_eq!(stage.proxy.metric("postgres_refusals_repeated_total"), 0);
}

async fn assert_asks_for_password(mut wire: crate::wire::Wire) {
    wire.send(crate::client::packet(&startup())).await;
    let message = wire.message().await.expect("a message");
    assert_eq!(message.tag, b'R', "{message:?}");
    // A password that is not the one of the user.
    wire.send(crate::wire::message(
        b'p',
        b"SCRAM-SHA-256\0\0\0\0\x0cn,,n=,r=abcd",
    ))
    .await;
    while let Some(message) = wire.message().await {
        match message.tag {
            b'R' => {
                let proof = b"c=biws,r=x,p=AAAA";
                wire.send(crate::wire::message(b'p', proof)).await;
            }
            _ => drop(message.error()),
        }
    }
}
