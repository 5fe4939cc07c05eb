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

struct Fixture {
    server: RunningServer,
    proxy: Proxy,
    trust: Arc<ClientConfig>,
}

async fn fixture_with(refused: &ErrorResponse, auth: ClientAuth) -> Fixture {
    let authority = LocalAuthority::generate().unwrap();
    let script = [Step::ask_for_password(), Step::refuse(refused)];
    let server = Server::new().on_each_login(script).run().await;
    let setup = Setup {
        client_tls: Some(authority.server_config(&["localhost"], &[ALPN]).unwrap()),
        client_auth: auth,
        ..Setup::for_server(&server)
    };
    Fixture {
        proxy: setup.start().await,
        trust: trusting(&authority, &[ALPN]),
        server,
    }
}

async fn fixture(refused: &ErrorResponse) -> Fixture {
    fixture_with(refused, ClientAuth::default()).await
}

// === impl Fixture ===

impl Fixture {
    async fn over_tls(&self, startup: &Startup) -> ErrorResponse {
        let mut wire = self.proxy.connect().await;
        assert_eq!(ask_for_tls(&mut wire).await, b'S');
        let wire = wire.connect_tls(&self.trust, "localhost").await.unwrap();
        log_in(wire, startup).await.err().expect("the login fails")
    }

    async fn in_clear_text(&self, startup: &Startup) -> ErrorResponse {
        let wire = self.proxy.connect().await;
        log_in(wire, startup).await.err().expect("the login fails")
    }

    fn logins(&self) -> usize {
        self.server.logins().len()
    }
}

#[tokio::test]
async fn the_servers_refusal_is_repeated_once_without_contacting_the_server() {
    let fixture = fixture(&refusal()).await;
    let first = fixture.over_tls(&startup()).await;
    assert_eq!(fixture.in_clear_text(&startup()).await, first);
    assert_eq!(fixture.logins(), 1);
    assert_eq!(fixture.proxy.metric("postgres_refusals_total"), 1);
    assert_eq!(fixture.proxy.metric("postgres_refusals_repeated_total"), 1);

    fixture.in_clear_text(&startup()).await;
    assert_eq!(fixture.logins(), 2, "a third attempt is a new login");
    fixture.in_clear_text(&startup()).await;
    assert_eq!(
        fixture.logins(),
        3,
        "an attempt in clear text is not remembered"
    );
}

#[tokio::test]
async fn other_requests_and_other_errors_are_not_repeated() {
    let other = startup().with("application_name", "other");
    let first = fixture(&refusal()).await;
    first.over_tls(&startup()).await;
    first.in_clear_text(&other).await;
    assert_eq!(first.logins(), 2);
    first.over_tls(&startup()).await;
    assert_eq!(
        first.logins(),
        3,
        "over TLS, irsa always contacts the server"
    );

    let full = ErrorResponse::fatal(SqlState::TOO_MANY_CONNECTIONS, "sorry");
    let second = fixture(&full).await;
    second.over_tls(&startup()).await;
    second.in_clear_text(&startup()).await;
    assert_eq!(second.logins(), 2);
}

#[tokio::test]
async fn a_failed_client_authentication_is_not_remembered() {
    let verifier = Verifier::from_password(b"right", &[3; 16], 4096).unwrap();
    let directory = tempfile::tempdir().unwrap();
    let file = directory.path().join("users");
    std::fs::write(&file, format!("\"app\" \"{}\"\n", verifier.expose())).unwrap();
    let users = ScramUsers::from_file(&file).unwrap();
    let fixture = fixture_with(
        &refusal(),
        ClientAuth {
            passwords: Some(Arc::new(users)),
            ..ClientAuth::default()
        },
    )
    .await;
    for _ in 0..2 {
        // Both times irsa requests the password, and the client does not send it.
        let mut wire = fixture.proxy.connect().await;
        assert_eq!(ask_for_tls(&mut wire).await, b'S');
        let wire = wire.connect_tls(&fixture.trust, "localhost").await.unwrap();
        assert_asks_for_password(wire).await;
        assert_asks_for_password(fixture.proxy.connect().await).await;
    }
    assert_eq!(fixture.logins(), 0);
    assert_eq!(fixture.proxy.metric("postgres_refusals_repeated_total"), 0);
}

async fn assert_asks_for_password(mut wire: crate::wire::Wire) {
    wire.send(crate::client::packet(&startup())).await;
    let message = wire.message().await.expect("a message");
    assert_eq!(message.tag, b'R', "{message:?}");
    // A wrong password.
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
