//! Downloads from Maven Central, verified by pinned digests.

use std::error::Error as _;
use std::time::Duration;

use reqwest::{Client, ClientBuilder, StatusCode};
use rustls::{ClientConfig, RootCertStore};
use thiserror::Error;
use tokio::time::sleep;

use crate::artifact::Artifact;
use crate::{Progress, sha256};

const MAVEN_CENTRAL: &str = "https://repo1.maven.org/maven2";
/// Time limit for connecting, including through a proxy.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(15);
/// Time limit without received data.
const READ_TIMEOUT: Duration = Duration::from_secs(30);
/// Pauses before further attempts: long connections break, and mirrors fail temporarily.
const PAUSES: [Duration; 2] = [Duration::from_secs(1), Duration::from_secs(4)];

/// A failed download.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum FetchError {
    /// The file could not be downloaded.
    #[error("cannot download `{file}` from repo1.maven.org: {problem}")]
    Download {
        /// The file.
        file: String,
        /// The last error of the system or the server.
        problem: String,
    },
    /// The downloaded file is not the pinned one.
    #[error("the downloaded `{file}` has SHA-256 {found}, expected {expected}")]
    WrongDigest {
        /// The file.
        file: String,
        /// Hexadecimal.
        found: String,
        /// Hexadecimal.
        expected: &'static str,
    },
    /// The machine has no CA certificates.
    #[error("this machine has no CA certificates")]
    NoAuthorities,
    /// TLS could not be set up.
    #[error("cannot set up TLS")]
    Tls(#[source] rustls::Error),
    /// The HTTP client could not be set up.
    #[error("cannot set up the HTTP client")]
    Client(#[source] reqwest::Error),
}

impl FetchError {
    /// Returns the remedy, if there is a single one.
    pub fn remedy(&self) -> Option<&'static str> {
        Some(match self {
            Self::Download { .. } => "check the connection to repo1.maven.org, and HTTPS_PROXY",
            Self::WrongDigest { .. } => {
                "download it again; if the error persists, do not trust the mirror"
            }
            Self::NoAuthorities => {
                "install them (Debian: `apt-get install ca-certificates`), or set SSL_CERT_FILE to a file with CA certificates"
            }
            _ => return None,
        })
    }
}

/// Returns a client for Maven Central that trusts the CAs of this machine.
pub(crate) fn client() -> Result<Client, FetchError> {
    let mut roots = RootCertStore::empty();
    roots.add_parsable_certificates(rustls_native_certs::load_native_certs().certs);
    if roots.is_empty() {
        return Err(FetchError::NoAuthorities);
    }
    build(Client::builder().read_timeout(READ_TIMEOUT), roots)
}

/// Builds a client that trusts `roots`.
pub(crate) fn build(builder: ClientBuilder, roots: RootCertStore) -> Result<Client, FetchError> {
    let provider = rustls::crypto::ring::default_provider().into();
    let tls = ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .map_err(FetchError::Tls)?
        .with_root_certificates(roots)
        .with_no_client_auth();
    builder
        .connect_timeout(CONNECT_TIMEOUT)
        .tls_backend_preconfigured(tls)
        .build()
        .map_err(FetchError::Client)
}

/// Downloads a file and verifies its digest. Retries errors that may be transient, and reports each retry.
pub(crate) async fn fetch(
    client: &Client,
    artifact: &Artifact,
    progress: Progress<'_>,
) -> Result<Vec<u8>, FetchError> {
    let address = format!("{MAVEN_CENTRAL}/{}", artifact.path());
    let bytes = download(client, &address, progress).await;
    let bytes = bytes.map_err(|error| FetchError::Download {
        file: artifact.file_name(),
        problem: innermost(&error),
    })?;
    verify(&artifact.file_name(), &bytes, artifact.sha256)?;
    Ok(bytes)
}

async fn download(
    client: &Client,
    address: &str,
    progress: Progress<'_>,
) -> Result<Vec<u8>, reqwest::Error> {
    let mut pauses = PAUSES.into_iter();
    loop {
        let error = match attempt(client, address).await {
            Ok(bytes) => return Ok(bytes),
            Err(error) => error,
        };
        let Some(pause) = pauses.next().filter(|_| may_pass(&error)) else {
            return Err(error);
        };
        progress(&format!("retrying: {}", innermost(&error)));
        sleep(pause).await;
    }
}

async fn attempt(client: &Client, address: &str) -> Result<Vec<u8>, reqwest::Error> {
    let response = client.get(address).send().await?.error_for_status()?;
    response.bytes().await.map(Vec::from)
}

/// Returns whether an error may be transient: all except a negative response.
fn may_pass(error: &reqwest::Error) -> bool {
    error.status().is_none_or(|status| {
        status.is_server_error()
            || status == StatusCode::TOO_MANY_REQUESTS
            || status == StatusCode::REQUEST_TIMEOUT
    })
}

/// Returns the underlying error of the system or the server.
fn innermost(error: &reqwest::Error) -> String {
    let mut text = error.to_string();
    let mut source = error.source();
    while let Some(error) = source {
        text = error.to_string();
        source = error.source();
    }
    text
}

/// Rejects a file with a different digest.
pub(crate) fn verify(file: &str, bytes: &[u8], expected: &'static str) -> Result<(), FetchError> {
    let found = sha256::hex(bytes);
    if found == expected {
        return Ok(());
    }
    Err(FetchError::WrongDigest {
        file: file.to_owned(),
        found,
        expected,
    })
}

#[cfg(test)]
mod tests {
    use std::sync::Mutex;

    use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
    use tokio::net::TcpListener;

    use super::*;

    const BROKEN: &str = "HTTP/1.1 200 OK\r\ncontent-length: 100\r\nconnection: close\r\n\r\nhal";
    const BUSY: &str = "HTTP/1.1 503 Busy\r\ncontent-length: 0\r\nconnection: close\r\n\r\n";
    const ABSENT: &str = "HTTP/1.1 404 None\r\ncontent-length: 0\r\nconnection: close\r\n\r\n";
    const WHOLE: &str = "HTTP/1.1 200 OK\r\ncontent-length: 5\r\nconnection: close\r\n\r\nwhole";

    /// Returns the result of a download from a server with these responses, and the number of retries.
    async fn downloaded(answers: &'static [&str]) -> (Result<Vec<u8>, reqwest::Error>, usize) {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = format!("http://{}/file", listener.local_addr().unwrap());
        tokio::spawn(async move {
            for answer in answers {
                let (mut connection, _) = listener.accept().await.unwrap();
                assert!(connection.read(&mut [0; 8192]).await.unwrap() > 0);
                connection.write_all(answer.as_bytes()).await.unwrap();
            }
        });
        let client = build(Client::builder().no_proxy(), RootCertStore::empty()).unwrap();
        let lines = Mutex::new(0);
        let note = |_: &str| *lines.lock().unwrap() += 1;
        let result = download(&client, &address, &note).await;
        (result, lines.into_inner().unwrap())
    }

    #[tokio::test]
    async fn a_broken_or_deferred_download_is_retried() {
        let (bytes, again) = downloaded(&[BROKEN, BUSY, WHOLE]).await;
        assert_eq!((bytes.unwrap().as_slice(), again), (&b"whole"[..], 2));
    }

    #[tokio::test]
    async fn a_missing_file_is_requested_once() {
        let (bytes, again) = downloaded(&[ABSENT, WHOLE]).await;
        let status = bytes.unwrap_err().status();
        assert_eq!((status, again), (Some(StatusCode::NOT_FOUND), 0));
    }

    #[test]
    fn rejects_a_file_with_a_different_digest() {
        let error = verify("opensearch.zip", b"abc", "d0").unwrap_err();
        assert!(matches!(error, FetchError::WrongDigest { .. }), "{error}");
    }
}
