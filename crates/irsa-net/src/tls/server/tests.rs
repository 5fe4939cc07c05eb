//! Handshakes in memory, before and after a replacement of the files.

use rustls::client::danger::ServerCertVerifier;
use rustls::pki_types::ServerName;
use rustls::{ClientConfig, ClientConnection, HandshakeKind, ServerConnection};
use tempfile::TempDir;

use super::*;
use crate::tls::{Issued, LocalAuthority, ReplaceableRoots, client_config};

/// A CA, and files with the certificates that it issued.
struct Pki {
    authority: LocalAuthority,
    folder: TempDir,
}

impl Pki {
    fn new() -> Self {
        Self {
            authority: LocalAuthority::generate().unwrap(),
            folder: TempDir::new().unwrap(),
        }
    }

    /// A server that requires client certificates issued by `clients`.
    fn server(&self, clients: Option<&Self>) -> ServerIdentity {
        let issued = self.authority.issue_server(&["localhost"]).unwrap();
        let path = |name: &str| self.folder.path().join(name);
        std::fs::write(path("cert.pem"), issued.certificate_pem).unwrap();
        std::fs::write(path("key.pem"), issued.key_pem).unwrap();
        let client_ca = clients.map(Self::ca_file);
        ServerIdentity::from_files(&path("cert.pem"), &path("key.pem"), client_ca.as_deref())
            .unwrap()
    }

    fn ca_file(&self) -> std::path::PathBuf {
        let path = self.folder.path().join("ca.pem");
        std::fs::write(&path, self.authority.ca_pem()).unwrap();
        path
    }

    fn roots(&self) -> Roots {
        Roots::from_pem_file(&self.ca_file()).unwrap()
    }

    /// A client that trusts this CA and presents a certificate issued by `own`.
    fn client(&self, own: &Self) -> Arc<ClientConfig> {
        let Issued {
            certificate_pem,
            key_pem,
        } = own.authority.issue_client("app").unwrap();
        let chain = CertificateDer::pem_slice_iter(certificate_pem.as_bytes());
        let key = PrivateKeyDer::from_pem_slice(key_pem.as_bytes()).unwrap();
        let roots = ReplaceableRoots::new(&self.roots()).unwrap();
        let config = ClientConfig::builder_with_provider(provider())
            .with_protocol_versions(VERSIONS)
            .unwrap()
            .dangerous()
            .with_custom_certificate_verifier(Arc::new(roots) as Arc<dyn ServerCertVerifier>)
            .with_client_auth_cert(chain.collect::<Result<_, _>>().unwrap(), key);
        Arc::new(config.unwrap())
    }
}

/// Performs a handshake and lets the client read the session tickets that the server sends afterwards.
fn handshake(
    client: &Arc<ClientConfig>,
    server: &Arc<ServerConfig>,
) -> Result<HandshakeKind, rustls::Error> {
    let name = ServerName::try_from("localhost").unwrap();
    let mut client = ClientConnection::new(Arc::clone(client), name).unwrap();
    let mut server = ServerConnection::new(Arc::clone(server)).unwrap();
    for _ in 0..6 {
        let mut bytes = Vec::new();
        while client.wants_write() {
            client.write_tls(&mut bytes).unwrap();
        }
        let mut rest = &bytes[..];
        while !rest.is_empty() {
            server.read_tls(&mut rest).unwrap();
            server.process_new_packets()?;
        }
        let mut bytes = Vec::new();
        while server.wants_write() {
            server.write_tls(&mut bytes).unwrap();
        }
        let mut rest = &bytes[..];
        while !rest.is_empty() {
            client.read_tls(&mut rest).unwrap();
            client.process_new_packets()?;
        }
    }
    assert!(!client.is_handshaking() && !server.is_handshaking());
    Ok(server.handshake_kind().unwrap())
}

#[test]
fn a_replaced_certificate_is_used_in_the_next_handshake() {
    let (first, second) = (Pki::new(), Pki::new());
    let server = Arc::new(ReplaceableServer::new(first.server(None)));
    let config = server.config(&[]).unwrap();
    let trusting = |pki: &Pki| client_config(&pki.roots(), &[]).unwrap();
    assert!(handshake(&trusting(&first), &config).is_ok());
    assert!(handshake(&trusting(&second), &config).is_err());
    server.replace(second.server(None));
    assert!(handshake(&trusting(&first), &config).is_err());
    assert!(handshake(&trusting(&second), &config).is_ok());
}

#[test]
fn a_client_of_a_replaced_ca_is_rejected_and_cannot_resume_its_session() {
    let (servers, old, new) = (Pki::new(), Pki::new(), Pki::new());
    let server = Arc::new(ReplaceableServer::new(servers.server(Some(&old))));
    let config = server.config(&[]).unwrap();
    let client = servers.client(&old);
    assert_eq!(handshake(&client, &config), Ok(HandshakeKind::Full));
    assert_eq!(handshake(&client, &config), Ok(HandshakeKind::Resumed));
    server.replace(servers.server(Some(&new)));
    assert!(handshake(&client, &config).is_err());
    assert_eq!(
        handshake(&servers.client(&new), &config),
        Ok(HandshakeKind::Full)
    );
}

#[test]
fn a_server_of_a_replaced_ca_is_not_trusted_and_its_session_is_not_resumed() {
    let (old, new) = (Pki::new(), Pki::new());
    let config = Arc::new(ReplaceableServer::new(old.server(None)))
        .config(&[])
        .unwrap();
    let roots = Arc::new(ReplaceableRoots::new(&old.roots()).unwrap());
    let client = roots.config(&[]).unwrap();
    assert_eq!(handshake(&client, &config), Ok(HandshakeKind::Full));
    assert_eq!(handshake(&client, &config), Ok(HandshakeKind::Resumed));
    roots.replace(&new.roots()).unwrap();
    assert!(handshake(&client, &config).is_err());
}
