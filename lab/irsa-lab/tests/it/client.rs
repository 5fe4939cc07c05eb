//! A minimal HTTP/1.1 client with one request for each connection.

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;

use irsa_net::tls::{Roots, client_config};
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;

/// A request; `headers` are those in addition to `host`, `content-length` and `connection`.
#[derive(Debug, Clone)]
pub(crate) struct Call {
    pub(crate) method: &'static str,
    pub(crate) target: String,
    pub(crate) headers: Vec<(String, String)>,
    pub(crate) body: String,
}

impl Call {
    pub(crate) fn get(target: &str) -> Self {
        Self {
            method: "GET",
            target: target.to_owned(),
            headers: Vec::new(),
            body: String::new(),
        }
    }

    pub(crate) fn put(target: &str) -> Self {
        Self {
            method: "PUT",
            ..Self::get(target)
        }
    }

    pub(crate) fn delete(target: &str) -> Self {
        Self {
            method: "DELETE",
            ..Self::get(target)
        }
    }

    pub(crate) fn post(target: &str, body: impl Into<String>) -> Self {
        Self {
            method: "POST",
            body: body.into(),
            ..Self::get(target)
        }
    }

    pub(crate) fn header(mut self, name: &str, value: impl Into<String>) -> Self {
        self.headers.push((name.to_owned(), value.into()));
        self
    }

    fn bytes(&self, address: &str) -> String {
        let named_host = self
            .headers
            .iter()
            .any(|(name, _)| name.eq_ignore_ascii_case("host"));
        let host = if named_host {
            String::new()
        } else {
            format!("host: {address}\r\n")
        };
        let headers = self
            .headers
            .iter()
            .fold(String::new(), |all, (name, value)| {
                all + name + ": " + value + "\r\n"
            });
        format!(
            "{} {} HTTP/1.1\r\n{host}{headers}content-length: {}\r\nconnection: close\r\n\r\n{}",
            self.method,
            self.target,
            self.body.len(),
            self.body
        )
    }
}

/// A response.
#[derive(Debug, Clone)]
pub(crate) struct Answer {
    pub(crate) status: u16,
    pub(crate) headers: BTreeMap<String, String>,
    pub(crate) body: String,
}

impl Answer {
    pub(crate) fn json(&self) -> serde_json::Value {
        serde_json::from_str(&self.body).unwrap_or_else(|error| panic!("{error}: {}", self.body))
    }

    /// Returns the text of the first element with this name.
    pub(crate) fn xml(&self, element: &str) -> String {
        let (_, after) = self
            .body
            .split_once(&format!("<{element}>"))
            .unwrap_or_else(|| panic!("{}", self.body));
        after
            .split_once("</")
            .unwrap()
            .0
            .replace("&lt;", "<")
            .replace("&gt;", ">")
            .replace("&amp;", "&")
    }
}

/// Calls `http://…` or `https://…`; the latter trusts only the CA in `ca_file`.
pub(crate) async fn call(url: &str, ca_file: &Path, call: &Call) -> Answer {
    let (scheme, address) = url.split_once("://").unwrap();
    let stream = TcpStream::connect(address).await.unwrap();
    if scheme == "http" {
        return exchange(stream, address, call).await;
    }
    let config = client_config(&Roots::from_pem_file(ca_file).unwrap(), &[b"http/1.1"]).unwrap();
    let host = address.rsplit_once(':').unwrap().0.to_owned();
    let name = rustls::pki_types::ServerName::try_from(host).unwrap();
    let stream = TlsConnector::from(Arc::clone(&config))
        .connect(name, stream)
        .await
        .unwrap();
    exchange(stream, address, call).await
}

async fn exchange(
    mut stream: impl AsyncRead + AsyncWrite + Unpin,
    address: &str,
    call: &Call,
) -> Answer {
    stream
        .write_all(call.bytes(address).as_bytes())
        .await
        .unwrap();
    stream.flush().await.unwrap();
    let mut bytes = Vec::new();
    // Servers may close without close_notify here: the length shows whether the response is complete.
    let _ = stream.read_to_end(&mut bytes).await;
    let text = String::from_utf8(bytes).unwrap();
    let (head, body) = text
        .split_once("\r\n\r\n")
        .unwrap_or_else(|| panic!("no response: {text:?}"));
    let mut lines = head.split("\r\n");
    let status = lines
        .next()
        .unwrap()
        .split(' ')
        .nth(1)
        .unwrap()
        .parse()
        .unwrap();
    let header = |line: &str| {
        let (name, value) = line.split_once(':').unwrap();
        (name.to_ascii_lowercase(), value.trim().to_owned())
    };
    Answer {
        status,
        headers: lines.map(header).collect(),
        body: body.to_owned(),
    }
}
