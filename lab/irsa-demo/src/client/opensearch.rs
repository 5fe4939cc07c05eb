//! A stock HTTP client, as OpenSearch's own clients are.

use bytes::Bytes;
use http::{HeaderMap, HeaderValue, Method, Request, header};
use http_body_util::{BodyExt, Full};
use hyper::client::conn::http1::handshake;
use hyper_util::rt::TokioIo;
use serde_json::Value;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::time::timeout;

use super::tls::Tls;
use super::{PATIENCE, Refused, reach};
use crate::pod::Proxy;
use crate::stage::Stage;

/// A request before it is sent.
#[derive(Debug, Clone)]
pub(crate) struct Call {
    method: Method,
    path: String,
    headers: HeaderMap,
    body: Bytes,
}

// === impl Call ===

impl Call {
    pub(crate) fn new(method: Method, path: impl Into<String>) -> Self {
        Self {
            method,
            path: path.into(),
            headers: HeaderMap::new(),
            body: Bytes::new(),
        }
    }

    /// Sets a JSON body.
    #[must_use]
    pub(crate) fn json(self, body: &Value) -> Self {
        self.body(body.to_string())
    }

    /// Sets a body of JSON, or of JSON lines.
    #[must_use]
    pub(crate) fn body(mut self, body: impl Into<Bytes>) -> Self {
        self.body = body.into();
        let json = HeaderValue::from_static("application/json");
        self.headers.insert(header::CONTENT_TYPE, json);
        self
    }

    #[must_use]
    pub(crate) fn header(mut self, name: header::HeaderName, value: HeaderValue) -> Self {
        self.headers.insert(name, value);
        self
    }

    /// Sends the request as an application does: to localhost, unsigned.
    pub(crate) async fn through(self, proxy: &Proxy) -> Result<Value, Refused> {
        self.to(&proxy.address()).await
    }

    /// Sends the request to this address, without TLS.
    pub(crate) async fn to(self, address: &str) -> Result<Value, Refused> {
        let stream = reach(address).await?;
        self.over(stream, address).await
    }

    /// Sends the request straight to the domain, over TLS.
    pub(crate) async fn straight(self, stage: &Stage) -> Result<Value, Refused> {
        let failed = |error: &dyn std::fmt::Display| Refused::because(&error);
        let domain = stage.domain().map_err(|error| failed(&error))?;
        let tls = Tls::for_server(stage, &domain.endpoint).map_err(|error| failed(&error))?;
        let stream = tls.over(reach(&domain.dial).await?).await;
        let stream = stream.map_err(|error| failed(&error))?;
        self.over(stream, &domain.endpoint).await
    }

    async fn over<S>(self, stream: S, host: &str) -> Result<Value, Refused>
    where
        S: AsyncRead + AsyncWrite + Unpin + Send + 'static,
    {
        match timeout(PATIENCE, self.exchange(stream, host)).await {
            Ok(answer) => answer,
            Err(_) => Err(Refused::because(&"no answer")),
        }
    }

    async fn exchange<S>(self, stream: S, host: &str) -> Result<Value, Refused>
    where
        S: AsyncRead + AsyncWrite + Unpin + Send + 'static,
    {
        let failed = |error: hyper::Error| Refused::because(&error);
        let (mut sender, connection) = handshake(TokioIo::new(stream)).await.map_err(failed)?;
        tokio::spawn(async move {
            if let Err(error) = connection.await {
                tracing::debug!(%error, "a demo connection ended");
            }
        });
        let request = self.request(host)?;
        let response = sender.send_request(request).await.map_err(failed)?;
        let status = response.status();
        let body = response.into_body().collect().await.map_err(failed)?;
        let body = body.to_bytes();
        let json: Value = serde_json::from_slice(&body).unwrap_or_default();
        if status.is_success() {
            return Ok(json);
        }
        Err(Refused {
            message: format!("{}: {}", status.as_u16(), reason(&json, &body)),
            named: json["error"]["cause"]
                .as_str()
                .and_then(|cause| cause.parse().ok()),
        })
    }

    fn request(self, host: &str) -> Result<Request<Full<Bytes>>, Refused> {
        let mut request = Request::builder()
            .method(self.method)
            .uri(self.path)
            .header(header::HOST, host)
            .body(Full::new(self.body))
            .map_err(|error| Refused::because(&error))?;
        request.headers_mut().extend(self.headers);
        Ok(request)
    }
}

/// Returns the text of a refusal, which AWS and OpenSearch put into different fields.
fn reason(json: &Value, body: &[u8]) -> String {
    let texts = [&json["message"], &json["Message"], &json["error"]["reason"]];
    let text = texts.into_iter().find_map(Value::as_str);
    text.map_or_else(|| String::from_utf8_lossy(body).into_owned(), str::to_owned)
}
