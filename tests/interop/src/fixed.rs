//! An OpenSearch domain that always sends the same response immediately, so that benchmarks measure only the path to
//! it.
//!
//! It supports HTTP/1.1 and HTTP/2 over TLS. Signatures are verified if present; a body that is too large to verify is
//! read and dropped, so that many fit into memory.

use std::sync::Arc;
use std::time::Duration;

use http_body_util::{BodyExt as _, Full};
use hyper::body::{Body as _, Bytes, Incoming};
use hyper::header::{AUTHORIZATION, CONTENT_TYPE, HOST, HeaderMap, HeaderValue};
use hyper::http::request::Parts;
use hyper::server::conn::{http1, http2};
use hyper::service::service_fn;
use hyper::{Request, Response, StatusCode};
use hyper_util::rt::{TokioExecutor, TokioIo};
use irsa_lab::clock::{LabClock as _, SystemClock};
use irsa_lab::secret::Secret;

use irsa_lab::sessions::{Credentials, Origin, SessionSpec, Sessions};
use irsa_lab::sigv4::{SignedRequest, Target, verify};
use irsa_net::tls::LocalAuthority;
use tokio::net::{TcpListener, TcpStream};
use tokio_rustls::TlsAcceptor;

use crate::Error;

/// The endpoint in its certificate.
pub const ENDPOINT: &str = "search-bench-abcdefghijklmnopqrstuvwxyz.eu-central-1.es.amazonaws.com";
const REGION: &str = "eu-central-1";
const SEARCH: &str = r#"{"took":1,"timed_out":false,"_shards":{"total":1,"successful":1,"skipped":0,"failed":0},"hits":{"total":{"value":1,"relation":"eq"},"max_score":1.0,"hits":[{"_index":"orders","_id":"1","_score":1.0,"_source":{"text":"one order"}}]}}"#;
const BULK: &str = r#"{"took":1,"errors":false,"items":[]}"#;

/// A server that runs as long as its runtime.
#[derive(Debug)]
pub struct FixedOpenSearch {
    authority: LocalAuthority,
    port: u16,
}

/// The accepted key, and the maximum size of verified bodies.
#[derive(Debug)]
struct Rules {
    sessions: Sessions,
    kept: u64,
}

impl FixedOpenSearch {
    /// Starts a server that accepts one access key, and verifies bodies of up to `kept` bytes.
    pub async fn start(
        access_key_id: String,
        secret_access_key: String,
        kept: u64,
    ) -> Result<Self, Error> {
        let authority = LocalAuthority::generate()?;
        let tls = authority
            .server_config(&[ENDPOINT, "localhost", "127.0.0.1"], &[b"h2", b"http/1.1"])?;
        let listener = TcpListener::bind(("127.0.0.1", 0)).await?;
        let port = listener.local_addr()?.port();
        let rules = Arc::new(Rules::new(access_key_id, secret_access_key, kept)?);
        tokio::spawn(accept(listener, TlsAcceptor::from(tls), rules));
        Ok(Self { authority, port })
    }

    /// The address: `127.0.0.1:PORT`.
    pub fn dial(&self) -> String {
        format!("127.0.0.1:{}", self.port)
    }

    /// The CA of its certificate.
    pub fn authority(&self) -> &LocalAuthority {
        &self.authority
    }
}

async fn accept(listener: TcpListener, tls: TlsAcceptor, rules: Arc<Rules>) {
    while let Ok((stream, _)) = listener.accept().await {
        let (tls, rules) = (tls.clone(), Arc::clone(&rules));
        tokio::spawn(async move {
            // Clients may disconnect at any time.
            let _ = serve(stream, tls, rules).await;
        });
    }
}

async fn serve(stream: TcpStream, tls: TlsAcceptor, rules: Arc<Rules>) -> Result<(), Error> {
    stream.set_nodelay(true)?;
    let stream = tls.accept(stream).await?;
    let speaks_h2 = stream.get_ref().1.alpn_protocol() == Some(b"h2");
    let service = service_fn(move |request| answer(request, Arc::clone(&rules)));
    let stream = TokioIo::new(stream);
    if speaks_h2 {
        http2::Builder::new(TokioExecutor::new())
            .initial_stream_window_size(1024 * 1024)
            .serve_connection(stream, service)
            .await?;
    } else {
        http1::Builder::new()
            .serve_connection(stream, service)
            .await?;
    }
    Ok(())
}

async fn answer(
    request: Request<Incoming>,
    rules: Arc<Rules>,
) -> Result<Response<Full<Bytes>>, hyper::Error> {
    let (mut parts, mut body) = request.into_parts();
    if body.size_hint().lower() > rules.kept {
        while let Some(frame) = body.frame().await {
            frame?;
        }
        return Ok(json(StatusCode::OK, BULK));
    }
    let body = body.collect().await?.to_bytes();
    name_the_host(&mut parts);
    if parts.headers.contains_key(AUTHORIZATION) && !rules.signed(&parts, &body) {
        return Ok(json(
            StatusCode::FORBIDDEN,
            r#"{"message":"wrong signature"}"#,
        ));
    }
    let is_bulk = parts.uri.path().ends_with("/_bulk");
    Ok(json(StatusCode::OK, if is_bulk { BULK } else { SEARCH }))
}

/// Copies `:authority` of HTTP/2 to `host` (RFC 9113, 8.3.1).
fn name_the_host(parts: &mut Parts) {
    let authority = parts.uri.authority();
    let authority = authority.and_then(|authority| HeaderValue::from_str(authority.as_str()).ok());
    if let Some(authority) = authority {
        parts.headers.entry(HOST).or_insert(authority);
    }
}

fn json(status: StatusCode, text: &'static str) -> Response<Full<Bytes>> {
    let mut response = Response::new(Full::new(Bytes::from_static(text.as_bytes())));
    *response.status_mut() = status;
    let mut headers = HeaderMap::new();
    headers.insert(
        CONTENT_TYPE,
        HeaderValue::from_static("application/json; charset=UTF-8"),
    );
    *response.headers_mut() = headers;
    response
}

impl Rules {
    fn new(access_key_id: String, secret_access_key: String, kept: u64) -> Result<Self, Error> {
        let sessions = Sessions::default();
        let credentials = Credentials {
            access_key_id,
            secret_access_key: Secret::new(secret_access_key),
            session_token: Secret::new(String::new()),
        };
        let role = "arn:aws:iam::111122223333:role/bench".parse()?;
        let life = Duration::from_hours(24);
        let spec = SessionSpec::new(role, "bench".parse()?, life, Origin::WebIdentity);
        sessions.adopt(credentials, spec, SystemClock.now());
        Ok(Self { sessions, kept })
    }

    fn signed(&self, parts: &Parts, body: &[u8]) -> bool {
        let Ok(region) = REGION.parse() else {
            return false;
        };
        let request = SignedRequest {
            method: &parts.method,
            path: parts.uri.path(),
            query: parts.uri.query().unwrap_or_default(),
            headers: &parts.headers,
            body,
        };
        let target = Target {
            region: &region,
            service: "es",
            tolerance_ahead: Duration::from_mins(5),
            takes_unsigned_payload: true,
        };
        verify(&request, &target, SystemClock.now(), &self.sessions).is_ok()
    }
}
