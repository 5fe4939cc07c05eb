//! Clients that must show a certificate.

use std::path::PathBuf;
use std::sync::Arc;

use irsa_net::tls::{LocalAuthority, server_config_from_files};
use irsa_pgwire::sqlstate::SqlState;
use irsa_postgres::ClientAuth;
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::{ClientConfig, RootCertStore};
use tempfile::TempDir;

use crate::client::{ask_for_tls, log_in, packet, startup};
use crate::encryption::ALPN;
use crate::proxy::{Proxy, Setup, trusting};
use crate::server::{RunningServer, Server};
use crate::wire::Wire;

struct Stage {
    server: RunningServer,
    proxy: Proxy,
    authority: LocalAuthority,
}

/// A proxy that lets clients in whose certificates are the authority's.
async fn stage() -> Stage {
    let authority = LocalAuthority::generate().unwrap();
    let issued = authority.issue_server(&["localhost"]).unwrap();
    let folder = tempfile::tempdir().unwrap();
    let certificate = file(&folder, "certificate.pem", &issued.certificate_pem);
    let key = file(&folder, "key.pem", &issued.key_pem);
    let ca = file(&folder, "ca.pem", authority.ca_pem());
    let tls = server_config_from_files(&certificate, &key, Some(&ca), &[ALPN]);
    let server = Server::new().run().await;
    let setup = Setup {
        client_tls: Some(tls.unwrap()),
        client_auth: ClientAuth::Certificate,
        ..Setup::of(&server)
    };
    Stage {
        proxy: setup.start().await,
        server,
        authority,
    }
}

fn file(folder: &TempDir, name: &str, text: &str) -> PathBuf {
    let path = folder.path().join(name);
    std::fs::write(&path, text).unwrap();
    path
}

/// A client that trusts `authority` and shows a certificate of `issuer`.
fn client_of(authority: &LocalAuthority, issuer: &LocalAuthority) -> Arc<ClientConfig> {
    let own = issuer.issue_client("app").unwrap();
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

/// In TLS 1.3 a client believes in the handshake before the server has seen its certificate.
async fn assert_shut_out(mut wire: Wire) {
    let _ = wire.try_send(packet(&startup())).await;
    assert_eq!(wire.rest().await, "");
}

#[tokio::test]
async fn a_client_with_a_certificate_is_let_in() {
    let stage = stage().await;
    let config = client_of(&stage.authority, &stage.authority);
    let wire = encrypted(&stage.proxy, &config).await;
    log_in(wire, &startup()).await.unwrap();
}

#[tokio::test]
async fn a_client_without_a_certificate_is_shut_out() {
    let stage = stage().await;
    let config = trusting(&stage.authority, &[ALPN]);
    assert_shut_out(encrypted(&stage.proxy, &config).await).await;
    assert_eq!(stage.server.connections(), 0);
    stage.proxy.end().await;
}

#[tokio::test]
async fn a_client_with_a_certificate_of_another_authority_is_shut_out() {
    let stage = stage().await;
    let other = LocalAuthority::generate().unwrap();
    let config = client_of(&stage.authority, &other);
    assert_shut_out(encrypted(&stage.proxy, &config).await).await;
    assert_eq!(stage.server.connections(), 0);
    stage.proxy.end().await;
}

#[tokio::test]
async fn a_client_in_clear_text_is_refused_with_its_reason() {
    let stage = stage().await;
    let error = stage.proxy.refusal().await;
    assert_eq!(error.code, SqlState::INVALID_AUTHORIZATION_SPECIFICATION);
    assert!(error.message.contains("certificate"), "{error:?}");
    assert_eq!(stage.server.connections(), 0);
}
