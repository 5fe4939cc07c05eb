//! Requests to the domain, which are signed again for each attempt.

use std::sync::Arc;

use http::header::{CONTENT_LENGTH, CONTENT_TYPE, HeaderValue};
use http::request::Parts;
use http::uri::{self, Authority, PathAndQuery, Scheme};
use http::{HeaderMap, Method, Request, Uri};
use hyper::body::Incoming;
use irsa_identity::{HttpRequest, PayloadHash, SessionCredentials, sign_http};
use irsa_ops::trace::TraceContext;

use crate::body::{Outgoing, StoredBody};
use crate::domain::Domain;
use crate::failure::Failure;
use crate::headers;

/// A request that can be sent repeatedly if its payload allows it.
pub(crate) struct Outbound {
    method: Method,
    target: PathAndQuery,
    headers: HeaderMap,
    payload: Payload,
    /// The number of attempts to send it.
    attempts: u32,
    trace: Option<TraceContext>,
}

/// The body of a request.
pub(crate) enum Payload {
    /// A completely received body, signed with its hash or unsigned.
    Stored(Arc<StoredBody>),
    /// A body of this length that is forwarded while it is received, which works only once.
    Streaming(Option<Incoming>, u64),
}

// === impl Outbound ===

impl Outbound {
    /// Creates it from the client's request, without headers that must not reach the domain.
    pub(crate) fn new(parts: Parts, payload: Payload) -> Self {
        let mut headers = parts.headers;
        headers::clean_request(&mut headers);
        if let Some(length) = content_length(&parts.method, payload.length()) {
            headers.insert(CONTENT_LENGTH, length);
        }
        let target = parts.uri.into_parts().path_and_query;
        Self {
            method: parts.method,
            target: target.unwrap_or_else(|| PathAndQuery::from_static("/")),
            headers,
            payload,
            attempts: 0,
            trace: None,
        }
    }

    /// Sets the position of the client's request in its trace.
    pub(crate) fn traced(self, trace: Option<TraceContext>) -> Self {
        Self { trace, ..self }
    }

    pub(crate) fn trace(&self) -> Option<&TraceContext> {
        self.trace.as_ref()
    }

    /// Returns the number of attempts so far.
    pub(crate) fn attempts(&self) -> u32 {
        self.attempts
    }

    pub(crate) fn method(&self) -> &Method {
        &self.method
    }

    pub(crate) fn path(&self) -> &str {
        self.target.path()
    }

    /// Returns whether the request can be sent more than once.
    pub(crate) fn is_replayable(&self) -> bool {
        matches!(self.payload, Payload::Stored(_))
    }

    /// Returns the request, signed with `credentials`, for a clock that is `skew` seconds behind.
    pub(crate) fn signed(
        &mut self,
        domain: &Domain,
        credentials: &SessionCredentials,
        skew: i64,
    ) -> Result<Request<Outgoing>, Failure> {
        let at = crate::skew::add(domain.clock.now(), skew);
        let content_type = headers::single(&self.headers, &CONTENT_TYPE);
        let to_sign = HttpRequest {
            method: self.method.as_str(),
            path_and_query: self.target.as_str(),
            host: domain.authority.as_str(),
            content_type: content_type.map(HeaderValue::as_bytes),
            payload: self.payload.hash(domain),
        };
        self.attempts += 1;
        let signature = sign_http(&to_sign, &domain.upstream.scope, credentials, at)?;
        let body = self.payload.outgoing(domain).ok_or(Failure::SentAlready)?;
        let mut request = Request::new(body);
        *request.method_mut() = self.method.clone();
        *request.uri_mut() = uri(&domain.authority, &self.target)?;
        *request.headers_mut() = self.headers.clone();
        signature.apply(request.headers_mut());
        Ok(request)
    }
}

// === impl Payload ===

impl Payload {
    /// Returns the length in bytes.
    pub(crate) fn length(&self) -> u64 {
        match self {
            Self::Stored(body) => body.length(),
            Self::Streaming(_, length) => *length,
        }
    }

    fn hash(&self, domain: &Domain) -> PayloadHash<'_> {
        match self {
            Self::Stored(body) if domain.signs_payloads() => PayloadHash::Sha256(body.sha256()),
            _ => PayloadHash::Unsigned,
        }
    }

    fn outgoing(&mut self, domain: &Domain) -> Option<Outgoing> {
        let sent = domain.metrics.bytes_to_server.clone();
        match self {
            Self::Stored(body) => Some(Outgoing::stored(body, sent)),
            Self::Streaming(body, _) => {
                let body = body.take()?;
                Some(Outgoing::streaming(body, domain.limits.body_timeout, sent))
            }
        }
    }
}

/// Returns the `Content-Length`, which is always set if a body is present or the method usually has one: the edge of
/// OpenSearch Service does not accept signed requests with chunked bodies.
fn content_length(method: &Method, length: u64) -> Option<HeaderValue> {
    let expects_body = [Method::POST, Method::PUT, Method::PATCH].contains(method);
    (length > 0 || expects_body).then(|| length.into())
}

/// Returns an `https` URI with the signed host name and the unchanged request target. The HTTP client derives `Host` or
/// `:authority` from it.
fn uri(authority: &Authority, target: &PathAndQuery) -> Result<Uri, Failure> {
    let mut parts = uri::Parts::default();
    parts.scheme = Some(Scheme::HTTPS);
    parts.authority = Some(authority.clone());
    parts.path_and_query = Some(target.clone());
    Uri::from_parts(parts).map_err(|_| Failure::Target("the request target cannot be forwarded"))
}
