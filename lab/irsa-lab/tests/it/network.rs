//! TLS and network faults as clients see them.

use std::io;
use std::time::Duration;

use irsa_lab::Lab;
use irsa_net::tls::{Roots, client_config};
use rustls::pki_types::ServerName;
use rustls::{CertificateError, Error};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;

use crate::stage::lab;

/// Longer than a response takes; a blackhole does not respond.
const SILENCE: Duration = Duration::from_millis(300);
const LIMIT: Duration = Duration::from_secs(10);

/// Returns host and port of STS.
fn sts_address(lab: &Lab) -> String {
    let url = &lab.facts().sts.url;
    url.trim_start_matches("https://").to_owned()
}

#[tokio::test]
async fn each_network_fault_does_what_its_name_says() {
    let lab = lab().await;
    let sts = sts_address(&lab);
    let issuer = lab.facts().oidc_issuer.dial.clone();
    for (service, address) in [("sts", sts), ("issuer", issuer)] {
        answers(&lab, &address).await;
        switch(&lab, &format!("{service}-refused"));
        until(async || {
            error_of(fetch(&lab, &address).await) == Some(io::ErrorKind::ConnectionRefused)
        })
        .await;
        switch(&lab, &format!("{service}-reset"));
        until(async || {
            error_of(fetch(&lab, &address).await) == Some(io::ErrorKind::ConnectionReset)
        })
        .await;
        switch(&lab, &format!("{service}-cut"));
        until(async || {
            let cut = fetch(&lab, &address).await;
            cut.is_ok_and(|text| text.starts_with("HTTP/1.1 200") && text.ends_with("<Half"))
        })
        .await;
        switch(&lab, &format!("{service}-blackhole"));
        until(async || {
            tokio::time::timeout(SILENCE, fetch(&lab, &address))
                .await
                .is_err()
        })
        .await;
        lab.faults().set_ids([]).unwrap();
        answers(&lab, &address).await;
    }
    lab.stop().await;
}

#[tokio::test]
async fn each_certificate_fault_does_what_its_name_says() {
    let lab = lab().await;
    let sts = sts_address(&lab);
    // A resumed session would not show the certificate.
    answers(&lab, &sts).await;
    for (id, expected) in [
        ("sts-certificate-other-name", "NotValidForName"),
        ("sts-certificate-untrusted", "UnknownIssuer"),
        ("sts-certificate-expired", "Expired"),
    ] {
        switch(&lab, id);
        let error = fetch(&lab, &sts).await.unwrap_err();
        let source = error
            .get_ref()
            .and_then(|source| source.downcast_ref::<Error>());
        let Some(Error::InvalidCertificate(problem)) = source else {
            panic!("{id}: {error}");
        };
        let named = match problem {
            CertificateError::NotValidForNameContext { .. } => "NotValidForName",
            CertificateError::ExpiredContext { .. } => "Expired",
            CertificateError::UnknownIssuer => "UnknownIssuer",
            other => panic!("{id}: {other:?}"),
        };
        assert_eq!(named, expected, "{id}");
    }
    lab.faults().set_ids([]).unwrap();
    answers(&lab, &sts).await;
    lab.stop().await;
}

fn switch(lab: &Lab, id: &str) {
    lab.faults().set_ids([id]).unwrap();
}

/// Returns the kind of an error; `None` for a response.
fn error_of(answer: io::Result<String>) -> Option<io::ErrorKind> {
    answer.err().map(|error| error.kind())
}

async fn answers(lab: &Lab, address: &str) {
    until(async || {
        let answer = fetch(lab, address).await;
        answer.is_ok_and(|text| text.starts_with("HTTP/1.1 4"))
    })
    .await;
}

/// Returns the whole response to `GET /`, which neither service serves.
async fn fetch(lab: &Lab, address: &str) -> io::Result<String> {
    let roots = Roots::from_pem_file(&lab.facts().ca_file).unwrap();
    let config = client_config(&roots, &[b"http/1.1"]).unwrap();
    let stream = TcpStream::connect(address).await?;
    let name = ServerName::try_from("127.0.0.1").unwrap();
    let mut stream = TlsConnector::from(config).connect(name, stream).await?;
    stream
        .write_all(b"GET / HTTP/1.1\r\nhost: 127.0.0.1\r\nconnection: close\r\n\r\n")
        .await?;
    let mut bytes = Vec::new();
    // A cut response ends without close_notify.
    let _ = stream.read_to_end(&mut bytes).await;
    Ok(String::from_utf8_lossy(&bytes).into_owned())
}

async fn until(condition: impl AsyncFn() -> bool) {
    let met = async {
        while !condition().await {
            tokio::task::yield_now().await;
        }
    };
    tokio::time::timeout(LIMIT, met).await.unwrap();
}
