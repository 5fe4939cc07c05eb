//! Handshakes with certificates of the local CA.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::PathBuf;

use rustls::ClientConfig;
use rustls::pki_types::ServerName;
use tempfile::TempDir;
use time::Duration;
use tokio_rustls::{TlsAcceptor, TlsConnector};

use super::super::{Roots, client_config, explain_io, server_config_from_files};
use super::*;

struct Lab {
    folder: TempDir,
    authority: LocalAuthority,
}

impl Lab {
    fn new() -> Self {
        Self {
            folder: TempDir::new().unwrap(),
            authority: LocalAuthority::generate().unwrap(),
        }
    }

    fn write(&self, name: &str, content: &str) -> PathBuf {
        let path = self.folder.path().join(name);
        fs::write(&path, content).unwrap();
        path
    }

    fn ca_file(&self) -> PathBuf {
        self.write("ca.pem", self.authority.ca_pem())
    }

    fn client(&self) -> Arc<ClientConfig> {
        let roots = Roots::from_pem_file(&self.ca_file()).unwrap();
        client_config(&roots, &[b"postgresql"]).unwrap()
    }

    fn server_from_files(&self, issued: &Issued, client_ca: Option<&Path>) -> Arc<ServerConfig> {
        let certificate = self.write("server.pem", &issued.certificate_pem);
        let key = self.write("server.key", &issued.key_pem);
        server_config_from_files(&certificate, &key, client_ca, &[]).unwrap()
    }
}

/// Performs a handshake with the server name `name` and returns the negotiated application protocol or the error.
async fn handshake(
    server: Arc<ServerConfig>,
    client: Arc<ClientConfig>,
    name: &str,
) -> Result<Option<Vec<u8>>, String> {
    let (near, far) = tokio::io::duplex(64 * 1024);
    let name = ServerName::try_from(name.to_owned()).unwrap();
    let (accepted, connected) = tokio::join!(
        TlsAcceptor::from(server).accept(far),
        TlsConnector::from(client).connect(name, near),
    );
    match (connected, accepted) {
        (Err(error), _) | (_, Err(error)) => Err(explain_io(&error).unwrap_or(error.to_string())),
        (Ok(stream), Ok(_)) => Ok(stream.get_ref().1.alpn_protocol().map(<[u8]>::to_vec)),
    }
}

#[tokio::test]
async fn certificates_are_valid_for_names_and_addresses() {
    let lab = Lab::new();
    let server = lab
        .authority
        .server_config(&["localhost", "127.0.0.1", "::1"], &[b"postgresql"])
        .unwrap();
    for name in ["localhost", "127.0.0.1", "::1"] {
        let agreed = handshake(Arc::clone(&server), lab.client(), name).await;
        assert_eq!(agreed, Ok(Some(b"postgresql".to_vec())), "{name}");
    }
}

#[tokio::test]
async fn explains_a_wrong_name() {
    let lab = Lab::new();
    let server = lab
        .authority
        .server_config(&["db.example", "10.0.0.1"], &[])
        .unwrap();
    let refused = handshake(server, lab.client(), "localhost")
        .await
        .unwrap_err();
    assert_eq!(
        refused,
        "the certificate is not valid for `localhost`, only for `db.example`, `10.0.0.1`: connect by one \
         of these names"
    );
}

#[tokio::test]
async fn explains_an_untrusted_ca() {
    let (ours, theirs) = (Lab::new(), Lab::new());
    let server = theirs.authority.server_config(&["localhost"], &[]).unwrap();
    let refused = handshake(server, ours.client(), "localhost")
        .await
        .unwrap_err();
    assert!(
        refused.starts_with("the certificate is not signed by a trusted CA"),
        "{refused}"
    );
}

#[tokio::test]
async fn explains_an_expired_certificate() {
    let lab = Lab::new();
    let long_ago = issue::now() - Duration::days(400);
    let leaf = issue::leaf(
        &lab.authority.issuer,
        &Usage::Server(&["localhost"]),
        long_ago,
    );
    let server = lab.server_from_files(&leaf.unwrap().into(), None);
    let refused = handshake(server, lab.client(), "localhost")
        .await
        .unwrap_err();
    assert!(
        refused.starts_with("the certificate expired on 20"),
        "{refused}"
    );
}

#[tokio::test]
async fn serves_a_certificate_from_files() {
    let lab = Lab::new();
    let issued = lab.authority.issue_server(&["localhost"]).unwrap();
    let server = lab.server_from_files(&issued, None);
    assert_eq!(handshake(server, lab.client(), "localhost").await, Ok(None));
}

#[tokio::test]
async fn requires_a_certificate_of_the_client_ca() {
    let lab = Lab::new();
    let issued = lab.authority.issue_server(&["localhost"]).unwrap();
    let server = lab.server_from_files(&issued, Some(&lab.ca_file()));

    let client = lab.authority.issue_client("keycloak").unwrap();
    let known = with_certificate(&lab, &client);
    assert_eq!(
        handshake(Arc::clone(&server), known, "localhost").await,
        Ok(None)
    );

    let stranger = Lab::new().authority.issue_client("keycloak").unwrap();
    let stranger = with_certificate(&lab, &stranger);
    handshake(Arc::clone(&server), stranger, "localhost")
        .await
        .unwrap_err();

    let missing = handshake(server, lab.client(), "localhost")
        .await
        .unwrap_err();
    assert_eq!(missing, "the peer sent no certificate");
}

fn with_certificate(lab: &Lab, issued: &Issued) -> Arc<ClientConfig> {
    use rustls::pki_types::pem::PemObject;
    use rustls::pki_types::{CertificateDer, PrivateKeyDer};

    let roots = Roots::from_pem_file(&lab.ca_file()).unwrap();
    let chain = CertificateDer::from_pem_slice(issued.certificate_pem.as_bytes()).unwrap();
    let key = PrivateKeyDer::from_pem_slice(issued.key_pem.as_bytes()).unwrap();
    let config = ClientConfig::builder_with_provider(provider())
        .with_protocol_versions(VERSIONS)
        .unwrap()
        .with_root_certificates(roots.store())
        .with_client_auth_cert(vec![chain], key)
        .unwrap();
    Arc::new(config)
}

#[test]
fn rejects_an_invalid_name() {
    let lab = Lab::new();
    let refused = lab
        .authority
        .server_config(&["localhost", "käse"], &[])
        .unwrap_err();
    assert!(refused.to_string().contains("`käse`"), "{refused}");
}

#[test]
fn writes_a_world_readable_certificate() {
    let lab = Lab::new();
    let path = lab.write("out.pem", "older and longer than nothing");
    lab.authority.write_ca(&path).unwrap();
    assert_eq!(fs::read_to_string(&path).unwrap(), lab.authority.ca_pem());
    assert_eq!(
        fs::metadata(&path).unwrap().permissions().mode() & 0o777,
        0o644
    );
    assert_eq!(fs::read_dir(lab.folder.path()).unwrap().count(), 1);
}

#[test]
fn names_the_file_that_it_cannot_write() {
    let lab = Lab::new();
    let path = lab.folder.path().join("none/ca.pem");
    let refused = lab.authority.write_ca(&path).unwrap_err();
    assert!(refused.to_string().starts_with("cannot use `"), "{refused}");
}

#[test]
fn debug_output_hides_keys() {
    let lab = Lab::new();
    let issued = lab.authority.issue_server(&["localhost"]).unwrap();
    let shown = format!("{issued:?} {:?}", lab.authority);
    assert!(!shown.contains("PRIVATE KEY"), "{shown}");
}

#[test]
fn rejects_the_key_of_a_different_certificate() {
    let lab = Lab::new();
    let (one, other) = (
        lab.authority.issue_server(&["localhost"]).unwrap(),
        lab.authority.issue_server(&["localhost"]).unwrap(),
    );
    let certificate = lab.write("server.pem", &one.certificate_pem);
    let key = lab.write("server.key", &other.key_pem);
    let refused = server_config_from_files(&certificate, &key, None, &[]).unwrap_err();
    assert!(refused.remedy().contains("belong together"), "{refused}");
}

#[test]
fn rejects_files_without_certificate_or_key() {
    let lab = Lab::new();
    let empty = lab.write("empty.pem", "nothing here\n");
    let ca = lab.ca_file();
    let none = Path::new("/nowhere.pem");
    for (certificate, key) in [
        (&*empty, &*empty),
        (&*ca, &*empty),
        (none, &*empty),
        (&*ca, none),
    ] {
        assert!(server_config_from_files(certificate, key, None, &[]).is_err());
    }
}
