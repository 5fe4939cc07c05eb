//! HTTP: to Maven Central, and to the own node.

use std::time::Duration;

use reqwest::{Client, ClientBuilder};
use rustls::{ClientConfig, RootCertStore};

use super::OpenSearchError;
use super::artifacts::Artifact;
use crate::sha256;

const MAVEN_CENTRAL: &str = "https://repo1.maven.org/maven2";
/// How long connecting may take.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(15);
/// How long nothing may come.
const READ_TIMEOUT: Duration = Duration::from_mins(1);
/// A fetch is tried this often: connections of a minute's length break.
const ATTEMPTS: usize = 3;

/// For Maven Central: trusts the authorities of this machine.
pub(crate) fn for_maven() -> Result<Client, OpenSearchError> {
    let mut roots = RootCertStore::empty();
    roots.add_parsable_certificates(rustls_native_certs::load_native_certs().certs);
    build(Client::builder().read_timeout(READ_TIMEOUT), roots)
}

/// For a node on loopback: no TLS, and no proxy in between, whatever the environment says.
pub(super) fn for_node() -> Result<Client, OpenSearchError> {
    build(Client::builder().no_proxy(), RootCertStore::empty())
}

fn build(builder: ClientBuilder, roots: RootCertStore) -> Result<Client, OpenSearchError> {
    let provider = rustls::crypto::ring::default_provider().into();
    let tls = ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .map_err(OpenSearchError::Tls)?
        .with_root_certificates(roots)
        .with_no_client_auth();
    builder
        .connect_timeout(CONNECT_TIMEOUT)
        .tls_backend_preconfigured(tls)
        .build()
        .map_err(OpenSearchError::Client)
}

/// Fetches a file and checks that it is the pinned one.
pub(crate) async fn fetch(
    client: &Client,
    artifact: &Artifact,
) -> Result<Vec<u8>, OpenSearchError> {
    let mut attempt = 1;
    let bytes = loop {
        match download(client, artifact).await {
            Err(error) if attempt < ATTEMPTS && !error.is_status() => attempt += 1,
            other => break other.map_err(|source| OpenSearchError::Fetch { source })?,
        }
    };
    verify(&artifact.file_name(), &bytes, artifact.sha256)?;
    Ok(bytes)
}

async fn download(client: &Client, artifact: &Artifact) -> Result<Vec<u8>, reqwest::Error> {
    let address = format!("{MAVEN_CENTRAL}/{}", artifact.path());
    let response = client.get(address).send().await?.error_for_status()?;
    response.bytes().await.map(Vec::from)
}

fn verify(file: &str, bytes: &[u8], expected: &'static str) -> Result<(), OpenSearchError> {
    let found = sha256::hex(bytes);
    if found == expected {
        return Ok(());
    }
    Err(OpenSearchError::WrongDigest {
        file: file.to_owned(),
        found,
        expected,
    })
}

#[cfg(test)]
mod tests {
    use super::super::artifacts::DISTRIBUTION;
    use super::*;

    #[test]
    fn refuses_a_file_with_another_digest() {
        let error = verify("opensearch.zip", b"abc", DISTRIBUTION.sha256).unwrap_err();
        assert!(
            matches!(error, OpenSearchError::WrongDigest { .. }),
            "{error}"
        );
    }
}
