//! Client certificates, and the users that they can log in as.

use std::path::PathBuf;
use std::sync::Arc;

use irsa_net::tls::{Issued, LocalAuthority, server_config_from_files};
use irsa_pgwire::error_response::ErrorResponse;
use irsa_pgwire::sqlstate::SqlState;
use irsa_pgwire::startup::{Startup, Version};
use irsa_postgres::{CertificateUsers, ClientAuth};
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::{ClientConfig, RootCertStore};
use tempfile::TempDir;

use crate::client::{ask_for_tls, log_in, packet, startup};
use crate::encryption::ALPN;
use crate::proxy::{Proxy, Setup, trusting};
use crate::server::{RunningServer, Server};
use crate::wire::Wire;

struct Fixture {
    server: RunningServer,
    proxy: Proxy,
    authority: LocalAuthority,
}

const SPIFFE_ID: &str = "spiffe://cluster.local/ns/shop/sa/web";

/// A proxy that requires client certificates issued by the CA.
async fn fixture() -> Fixture {
    fixture_with(CertificateUsers::default()).await
}

/// The same with these lines in its certificate users file.
async fn fixture_for(lines: &str) -> Fixture {
    let directory = tempfile::tempdir().unwrap();
    let users = file(&directory, "users", lines);
    fixture_with(CertificateUsers::from_file(&users).unwrap()).await
}

async fn fixture_with(users: CertificateUsers) -> Fixture {
    let authority = LocalAuthority::generate().unwrap();
    let issued = authority.issue_server(&["localhost"]).unwrap();
    let directory = tempfile::tempdir().unwrap();
    let certificate = file(&directory, "certificate.pem", &issued.certificate_pem);
    let key = file(&directory, "key.pem", &issued.key_pem);
    let ca = file(&directory, "ca.pem", authority.ca_pem());
    let tls = server_config_from_files(&certificate, &key, Some(&ca), &[ALPN]);
    let server = Server::new().run().await;
    let setup = Setup {
        client_tls: Some(tls.unwrap()),
        client_auth: ClientAuth {
            certificate: Some(Arc::new(users)),
            ..ClientAuth::default()
        },
        ..Setup::for_server(&server)
    };
    Fixture {
        proxy: setup.start().await,
        server,
        authority,
    }
}

fn file(directory: &TempDir, name: &str, text: &str) -> PathBuf {
    let path = directory.path().join(name);
    std::fs::write(&path, text).unwrap();
    path
}

/// A client that trusts `authority` and has a certificate for the user `app` issued by `issuer`.
fn client_of(authority: &LocalAuthority, issuer: &LocalAuthority) -> Arc<ClientConfig> {
    client_with(authority, &issuer.issue_client("app").unwrap())
}

fn client_with(authority: &LocalAuthority, own: &Issued) -> Arc<ClientConfig> {
    let certificate = CertificateDer::from_pem_slice(own.certificate_pem.as_bytes());
    let key = PrivateKeyDer::from_pem_slice(own.key_pem.as_bytes());
    let mut roots = RootCertStore::empty();
    let ca = CertificateDer::from_pem_slice(authority.ca_pem().as_bytes());
    roots.add(ca.unwrap()).unwrap();
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let config = ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_root_certificates(roots)
        .with_client_auth_cert(vec![certificate.unwrap()], key.unwrap());
    Arc::new(config.unwrap())
}

async fn encrypted(proxy: &Proxy, config: &Arc<ClientConfig>) -> Wire {
    let mut wire = proxy.connect().await;
    assert_eq!(ask_for_tls(&mut wire).await, b'S');
    wire.connect_tls(config, "localhost").await.unwrap()
}

/// In TLS 1.3, the handshake of the client completes before the server has verified its certificate.
async fn assert_rejected(mut wire: Wire) {
    let _ = wire.try_send(packet(&startup())).await;
    assert_eq!(wire.rest().await, "");
}

#[tokio::test]
async fn a_client_with_a_certificate_is_admitted() {
    let fixture = fixture().await;
    let config = client_of(&fixture.authority, &fixture.authority);
    let wire = encrypted(&fixture.proxy, &config).await;
    log_in(wire, &startup()).await.unwrap();
}

#[tokio::test]
async fn a_client_without_a_certificate_is_rejected() {
    let fixture = fixture().await;
    let config = trusting(&fixture.authority, &[ALPN]);
    assert_rejected(encrypted(&fixture.proxy, &config).await).await;
    assert_eq!(fixture.server.connections(), 0);
    fixture.proxy.end().await;
}

#[tokio::test]
async fn a_client_with_a_certificate_of_an_unknown_ca_is_rejected() {
    let fixture = fixture().await;
    let other = LocalAuthority::generate().unwrap();
    let config = client_of(&fixture.authority, &other);
    assert_rejected(encrypted(&fixture.proxy, &config).await).await;
    assert_eq!(fixture.server.connections(), 0);
    fixture.proxy.end().await;
}

#[tokio::test]
async fn a_clear_text_client_is_told_to_use_a_certificate() {
    let fixture = fixture().await;
    let error = fixture.proxy.refusal().await;
    assert_eq!(error.code, SqlState::INVALID_AUTHORIZATION_SPECIFICATION);
    assert!(error.message.contains("certificate"), "{error:?}");
    assert_eq!(fixture.server.connections(), 0);
}

impl Fixture {
    /// Logs in as `user` with this certificate.
    async fn log_in(&self, own: &Issued, user: &str) -> Result<(), ErrorResponse> {
        let config = client_with(&self.authority, own);
        let startup = Startup::new(Version::V3_0).with("user", user);
        let wire = encrypted(&self.proxy, &config).await;
        log_in(wire, &startup).await.map(drop)
    }
}

#[tokio::test]
async fn a_certificate_admits_only_its_own_user() {
    let fixture = fixture().await;
    let app = fixture.authority.issue_client("app").unwrap();
    fixture.log_in(&app, "app").await.unwrap();
    let error = fixture.log_in(&app, "rds_superuser").await.unwrap_err();
    assert_eq!(error.code, SqlState::INVALID_AUTHORIZATION_SPECIFICATION);
    assert!(
        error.message.contains("user \"rds_superuser\""),
        "{error:?}"
    );
    let detail = error.detail.unwrap();
    assert!(detail.contains("\"app\""), "{detail}");
    let hint = error.hint.unwrap();
    assert!(hint.contains("--client-cert-users"), "{hint}");
    assert!(hint.ends_with(": app rds_superuser"), "{hint}");
    assert_eq!(
        fixture.server.connections(),
        1,
        "irsa does not contact the server"
    );
}

#[tokio::test]
async fn a_uri_of_a_certificate_is_mapped_to_users() {
    let fixture = fixture_for(&format!("{SPIFFE_ID} shop\n{SPIFFE_ID} orders\n")).await;
    let web = fixture
        .authority
        .issue_client_for_uri("web", SPIFFE_ID)
        .unwrap();
    for user in ["web", "shop", "orders", SPIFFE_ID] {
        fixture.log_in(&web, user).await.unwrap();
    }
    let error = fixture.log_in(&web, "reports").await.unwrap_err();
    let detail = error.detail.unwrap();
    assert!(detail.contains(SPIFFE_ID), "{detail}");
    // A different certificate of the same CA.
    let other = fixture.authority.issue_client("other").unwrap();
    fixture.log_in(&other, "shop").await.unwrap_err();
}

#[tokio::test]
async fn the_line_in_the_error_admits_the_client() {
    let first = fixture().await;
    let batch = |fixture: &Fixture| fixture.authority.issue_client("Reporting #2").unwrap();
    let error = first
        .log_in(&batch(&first), "report user")
        .await
        .unwrap_err();
    let hint = error.hint.unwrap();
    let (_, line) = hint.rsplit_once(": ").unwrap();
    let second = fixture_for(line).await;
    second.log_in(&batch(&second), "report user").await.unwrap();
}
