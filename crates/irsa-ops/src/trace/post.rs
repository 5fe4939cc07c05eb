//! One request to the collector.

use std::borrow::Cow;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use http::header::{
    CONTENT_ENCODING, CONTENT_TYPE, HOST, HeaderMap, HeaderValue, InvalidHeaderValue, RETRY_AFTER,
    USER_AGENT,
};
use http::{Request, StatusCode};
use http_body_util::{BodyExt, Full, Limited};
use hyper::client::conn::http1;
use hyper_util::rt::TokioIo;
use irsa_net::connect::{ConnectOptions, connect};
use irsa_net::tls::HandshakeError;
use irsa_net::tokio_rustls::TlsConnector;
use rustls::ClientConfig;
use rustls::pki_types::ServerName;
use serde::Deserialize;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::task::{JoinSet, spawn_blocking};

use super::TraceSettings;
use super::compression::Compression;
use super::settings::{Endpoint, TlsFiles};

/// The maximum size of a response.
const MAX_BODY: usize = 64 * 1024;

/// A collector. Each request uses a new connection, because requests are seconds apart.
#[derive(Debug)]
pub(super) struct Collector {
    endpoint: Endpoint,
    headers: HeaderMap,
    compression: Compression,
    tls_files: TlsFiles,
    tls: Arc<ClientConfig>,
}

/// The response to an export.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Answer {
    /// The collector accepted all spans except this number, for the reason in the text.
    Accepted(u64, String),
    /// It rejected the request.
    Rejected(StatusCode),
    /// It asks to repeat the request, after this time if it says so.
    Busy(StatusCode, Option<String>),
}

/// The reason why there is no response.
#[derive(Debug, thiserror::Error)]
#[error("{0}")]
pub(super) struct PostError(Cow<'static, str>);

/// `ExportTraceServiceResponse`. Numbers of 64 bits may be texts.
#[derive(Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
struct ExportResponse {
    partial_success: PartialSuccess,
}

#[derive(Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
struct PartialSuccess {
    rejected_spans: serde_json::Value,
    error_message: String,
}

// === impl Collector ===

impl Collector {
    /// Creates a collector. `tls` applies as far as the settings have no files for the connection.
    pub(super) fn new(settings: &TraceSettings, tls: Arc<ClientConfig>) -> Self {
        Self {
            endpoint: settings.endpoint.clone(),
            headers: settings.headers.clone(),
            compression: settings.compression,
            tls_files: settings.tls_files.clone(),
            tls,
        }
    }

    pub(super) fn endpoint(&self) -> &Endpoint {
        &self.endpoint
    }

    /// Sends `body`, a compressed export in JSON. `limit` applies to the connection; the caller limits the time of the
    /// request.
    pub(super) async fn post(&self, body: Bytes, limit: Duration) -> Result<Answer, PostError> {
        let options = ConnectOptions {
            timeout: limit,
            ..ConnectOptions::default()
        };
        let host = self.endpoint.host();
        let stream = connect(host, self.endpoint.port(), &options).await?;
        let request = self.request(body)?;
        if !self.endpoint.is_https() {
            return send(stream, request).await;
        }
        let name = ServerName::try_from(host.to_owned());
        let name = name.map_err(|_| PostError("its name cannot be in a certificate".into()))?;
        let connecting = TlsConnector::from(self.tls().await?).connect(name, stream);
        let stream = connecting.await.map_err(HandshakeError::from);
        let stream = stream.map_err(|error| PostError(error.sentence("the collector").into()))?;
        send(stream, request).await
    }

    /// Returns the configuration of a connection. Files are read again, because they are renewed while irsa runs.
    async fn tls(&self) -> Result<Arc<ClientConfig>, PostError> {
        if self.tls_files.is_empty() {
            return Ok(Arc::clone(&self.tls));
        }
        let (files, default) = (self.tls_files.clone(), Arc::clone(&self.tls));
        let read = spawn_blocking(move || files.config(&default)).await;
        let config = read.map_err(|error| PostError(error.to_string().into()))?;
        config.map_err(|error| PostError(error.to_string().into()))
    }

    fn request(&self, body: Bytes) -> Result<Request<Full<Bytes>>, PostError> {
        let mut request = Request::post(self.endpoint.path())
            .body(Full::new(body))
            .map_err(|error| PostError(error.to_string().into()))?;
        let host = HeaderValue::from_str(self.endpoint.authority());
        let invalid = |error: InvalidHeaderValue| PostError(error.to_string().into());
        let headers = request.headers_mut();
        headers.clone_from(&self.headers);
        headers.insert(HOST, host.map_err(invalid)?);
        headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
        if let Some(encoding) = self.compression.content_encoding() {
            headers.insert(CONTENT_ENCODING, encoding);
        }
        let agent = concat!("irsa/", env!("CARGO_PKG_VERSION"));
        headers.insert(USER_AGENT, HeaderValue::from_static(agent));
        Ok(request)
    }
}

async fn send(
    stream: impl AsyncRead + AsyncWrite + Unpin + Send + 'static,
    request: Request<Full<Bytes>>,
) -> Result<Answer, PostError> {
    let (mut sender, connection) = http1::handshake(TokioIo::new(stream)).await?;
    // The connection ends with this function.
    let mut tasks = JoinSet::new();
    tasks.spawn(connection);
    let response = sender.send_request(request).await?;
    let status = response.status();
    let retry_after = response.headers().get(RETRY_AFTER);
    let retry_after = retry_after.and_then(|value| value.to_str().ok());
    match status.as_u16() {
        200..=299 => {}
        // The statuses for which OTLP/HTTP allows a retry.
        429 | 502..=504 => return Ok(Answer::Busy(status, retry_after.map(str::to_owned))),
        _ => return Ok(Answer::Rejected(status)),
    }
    let body = Limited::new(response.into_body(), MAX_BODY).collect().await;
    let body = body.map_err(|error| PostError(error.to_string().into()))?;
    Ok(accepted(&body.to_bytes()))
}

/// Reads the response to an accepted export. An empty or different body accepts all spans.
fn accepted(body: &[u8]) -> Answer {
    let response: ExportResponse = serde_json::from_slice(body).unwrap_or_default();
    let partial = response.partial_success;
    let rejected = match &partial.rejected_spans {
        serde_json::Value::String(text) => text.parse().ok(),
        number => number.as_u64(),
    };
    Answer::Accepted(rejected.unwrap_or_default(), partial.error_message)
}

impl From<irsa_net::connect::ConnectError> for PostError {
    fn from(error: irsa_net::connect::ConnectError) -> Self {
        Self(error.to_string().into())
    }
}

impl From<hyper::Error> for PostError {
    fn from(error: hyper::Error) -> Self {
        Self(format!("the request failed: {error}").into())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_partial_success() {
        for (body, rejected, why) in [
            ("", 0, ""),
            ("{}", 0, ""),
            (r#"{"partialSuccess":{}}"#, 0, ""),
            (
                r#"{"partialSuccess":{"rejectedSpans":"2","errorMessage":"too old"}}"#,
                2,
                "too old",
            ),
            (r#"{"partialSuccess":{"rejectedSpans":3}}"#, 3, ""),
        ] {
            let expected = Answer::Accepted(rejected, why.to_owned());
            assert_eq!(accepted(body.as_bytes()), expected, "{body}");
        }
    }
}
