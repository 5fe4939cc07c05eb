//! `irsa token`, used by hand.

use irsa_net::tls::{Roots, client_config};
use rustls::pki_types::ServerName;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio_postgres::NoTls;
use tokio_postgres::config::SslMode;
use tokio_rustls::TlsConnector;

use crate::pod::{Pod, USER};
use crate::stage::{Stage, shared};

/// An SSLRequest (PostgreSQL docs, "Message Formats").
const SSL_REQUEST: [u8; 8] = [0, 0, 0, 8, 4, 210, 22, 47];

/// Logs in at the lab's front with a password, over verified TLS.
async fn log_in(stage: &Stage, password: &str) -> Result<(), tokio_postgres::Error> {
    let cluster = stage.cluster();
    let mut stream = TcpStream::connect(&cluster.dial).await.unwrap();
    stream.write_all(&SSL_REQUEST).await.unwrap();
    assert_eq!(stream.read_u8().await.unwrap(), b'S');
    let roots = Roots::from_pem_file(&stage.lab().facts().ca_file).unwrap();
    let tls = TlsConnector::from(client_config(&roots, &[b"postgresql"]).unwrap());
    let name = ServerName::try_from(cluster.endpoint.clone()).unwrap();
    let stream = tls.connect(name, stream).await.unwrap();
    let mut config = tokio_postgres::Config::new();
    config
        .user(USER)
        .dbname(USER)
        .password(password)
        .ssl_mode(SslMode::Disable);
    config.connect_raw(stream, NoTls).await.map(drop)
}

#[test]
fn its_user_can_log_in() {
    let stage = shared();
    let cluster = stage.cluster().clone();
    let port = cluster.port.to_string();
    let pod = Pod::new(&stage);
    let arguments = [
        "token",
        "--host",
        &cluster.endpoint,
        "--port",
        &port,
        "--user",
        USER,
    ];
    let token = pod.irsa(&arguments).printed().to_owned();
    assert!(
        token.starts_with(&format!("{}:{port}/?Action=connect", cluster.endpoint)),
        "{token}"
    );
    stage.block_on(log_in(&stage, &token)).unwrap();

    let json = pod
        .irsa(&[&arguments[..], &["--output", "json"]].concat())
        .json();
    stage
        .block_on(log_in(&stage, json["token"].as_str().unwrap()))
        .unwrap();
    assert!(
        json["signed_at"].as_str() < json["usable_until"].as_str(),
        "{json}"
    );
}

#[test]
fn no_other_user_can_log_in() {
    let stage = shared();
    let endpoint = &stage.cluster().endpoint;
    let pod = Pod::new(&stage)
        .with("PGHOST", endpoint)
        .with("PGUSER", "webmodeler");
    let token = pod.irsa(&["token"]).printed().to_owned();
    let refused = stage.block_on(log_in(&stage, &token)).unwrap_err();
    assert_eq!(crate::sql::refusal(&refused).code().code(), "28000");
}

#[test]
fn a_name_without_a_region_needs_one() {
    let stage = shared();
    let pod = Pod::new(&stage)
        .with("PGHOST", "db.shop.example")
        .with("PGUSER", USER);
    let finished = pod.irsa(&["token"]);
    assert_eq!(finished.code, 2, "{}", finished.stderr);
    assert!(
        finished.stderr.contains("; set --region"),
        "{}",
        finished.stderr
    );
    assert_eq!(pod.irsa(&["token", "--region", "eu-central-1"]).code, 0);
}

#[test]
fn it_is_signed_for_the_endpoint_like_a_proxys() {
    let stage = shared();
    let endpoint = &stage.cluster().endpoint;
    let shouted = format!("{}.", endpoint.to_ascii_uppercase());
    // The region of STS differs from that of the database, which its host name contains.
    let arguments = [
        "token",
        "--host",
        &shouted,
        "--user",
        USER,
        "--region",
        "eu-west-1",
    ];
    let token = Pod::new(&stage).irsa(&arguments).printed().to_owned();
    assert!(token.starts_with(&format!("{endpoint}:5432/")), "{token}");
    assert!(token.contains("%2Feu-central-1%2Frds-db%2F"), "{token}");
}

#[test]
fn an_invalid_endpoint_is_reported_immediately() {
    let stage = shared();
    let pod = Pod::new(&stage);
    for host in ["127.0.0.1", "::1", "localhost", "/run/irsa", "."] {
        let arguments = ["token", "--host", host, "--user", "", "--identity", "moon"];
        let finished = pod.irsa(&arguments);
        assert_eq!(finished.code, 2, "{}", finished.stderr);
        let begins = ["--identity: ", "--host: ", "--user: "];
        let errors = finished.errors();
        assert_eq!(errors.len(), begins.len(), "{errors:#?}");
        for (error, begin) in errors.iter().zip(begins) {
            assert!(error.starts_with(begin), "{error}");
        }
    }
}
