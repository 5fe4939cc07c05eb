//! Handles a client's request.

use std::sync::Arc;
use std::time::Duration;

use http::header::EXPECT;
use http::request::Parts;
use http::uri::Scheme;
use http::{Method, Request, Response};
use http_body_util::BodyExt;
use hyper::body::{Body, Incoming};
use irsa_ops::http::{Admission, Client};
use irsa_ops::trace::TraceContext;
use tokio::time::timeout;

use crate::body::BodyReader;
use crate::domain::Domain;
use crate::exchange::exchange;
use crate::failure::Failure;
use crate::headers;
use crate::metrics::RequestMeter;
use crate::outbound::{Outbound, Payload};
use crate::response::{Relayed, ResponseBody};
use crate::traces;
use crate::web;

/// The time for which the rest of a rejected body is read. Closing a connection with unread data resets it, and the
/// client might not receive the response.
const LINGER: Duration = Duration::from_secs(5);

/// Returns the response to a client's request: that of the domain, or a failure of irsa.
pub(crate) async fn answer(
    domain: Arc<Domain>,
    request: Request<Incoming>,
    client: Client,
) -> Response<ResponseBody> {
    let (mut parts, body) = request.into_parts();
    let meter = domain.metrics.begin(&parts.method, parts.uri.path());
    let meter = meter.traced(traces::request(&domain, &parts));
    let Some(tool) = web::allowed_origin(&domain.guards.allow_origins, &parts.headers) else {
        return answer_client(&domain, parts, body, client, meter).await;
    };
    web::forget_origin(&mut parts.headers);
    let mut response = if web::is_preflight(&parts) && is_ours(&domain, &parts, client) {
        let mut meter = meter;
        let response = web::preflight(&parts.headers);
        meter.answered(response.status());
        response.map(|body| ResponseBody::own(body, meter))
    } else {
        answer_client(&domain, parts, body, client, meter).await
    };
    web::allow(tool, response.headers_mut());
    response
}

async fn answer_client(
    domain: &Domain,
    parts: Parts,
    body: Incoming,
    client: Client,
    mut meter: RequestMeter,
) -> Response<ResponseBody> {
    let trace = meter.trace();
    match Box::pin(forward(domain, parts, body, client, trace)).await {
        Ok(response) => {
            meter.answered(response.status());
            let log_limit = Arc::clone(&domain.log_limit);
            response.map(|body| ResponseBody::domain(body, meter, log_limit))
        }
        Err(failure) => {
            domain.note_failure(&failure);
            meter.failed(&failure);
            meter.answered(failure.status());
            let response = failure.response(&domain.facts());
            response.map(|body| ResponseBody::own(body, meter))
        }
    }
}

async fn forward(
    domain: &Domain,
    parts: Parts,
    mut body: Incoming,
    client: Client,
    trace: Option<TraceContext>,
) -> Result<Response<Relayed>, Failure> {
    if let Err(failure) = admit(domain, &parts, client).await {
        drain_request_body(&parts, body);
        return Err(failure);
    }
    let reader = BodyReader {
        store: &domain.bodies,
        metrics: &domain.metrics.bodies,
        max_body: domain.limits.max_body,
        idle: domain.limits.body_timeout,
    };
    let received = match body.size_hint().exact() {
        Some(length) if length > 0 && !domain.signs_payloads() => reader
            .check_length(&body)
            .map(|()| Payload::Streaming(None, length)),
        _ => reader.receive(&mut body).await.map(Payload::Stored),
    };
    let payload = match received {
        Ok(Payload::Streaming(_, length)) => Payload::Streaming(Some(body), length),
        Ok(stored) => stored,
        Err(error) => {
            if error.is_refusal() {
                drain_request_body(&parts, body);
            }
            return Err(error.into());
        }
    };
    domain.metrics.received(payload.length());
    let outbound = Outbound::new(parts, payload).traced(trace);
    exchange(domain, outbound).await
}

/// Returns whether the request may be forwarded, according to its headers.
async fn admit(domain: &Domain, parts: &Parts, client: Client) -> Result<(), Failure> {
    let admission = parts.extensions.get::<Admission>();
    if admission.is_some_and(Admission::is_refused) {
        return Err(Failure::TooManyUnauthenticated);
    }
    check_target(parts)?;
    if !headers::has_supported_coding(&parts.headers) {
        return Err(Failure::Coding);
    }
    if !is_ours(domain, parts, client) {
        return Err(Failure::Host);
    }
    web::check(parts).map_err(Failure::Page)?;
    let admitted = domain.gate.admit(client, &parts.headers).await;
    admitted.map_err(Failure::Auth)?;
    if let Some(admission) = admission {
        let counted = admission.authenticated().await;
        counted.map_err(|_| Failure::TooManyConnections)?;
    }
    let uri = &parts.uri;
    let guarded = domain.guards.check(&parts.method, uri.path(), uri.query());
    guarded.map_err(Failure::Denied)
}

fn is_ours(domain: &Domain, parts: &Parts, client: Client) -> bool {
    let hosts = &domain.hosts;
    hosts.accept(&parts.uri, &parts.headers, client.local)
}

/// Checks the form of the request target (RFC 9112, section 3.2).
fn check_target(parts: &Parts) -> Result<(), Failure> {
    let uri = &parts.uri;
    let problem = if parts.method == Method::CONNECT {
        "`CONNECT` is not supported: this proxy serves one domain"
    } else if uri.scheme().is_some_and(|scheme| *scheme != Scheme::HTTP) {
        "the URL in the request line must have the scheme `http`"
    } else if uri.path() == "*" {
        "the request target `*` is not supported"
    } else if !uri.path().starts_with('/') {
        "the request target is not a path"
    } else {
        return Ok(());
    };
    Err(Failure::Target(problem))
}

/// Reads and discards the body in the background while the response is sent, unless the client waits for `100
/// Continue`.
fn drain_request_body(parts: &Parts, mut body: Incoming) {
    if body.is_end_stream() || parts.headers.contains_key(EXPECT) {
        return;
    }
    tokio::spawn(timeout(LINGER, async move {
        while let Some(Ok(_)) = body.frame().await {}
    }));
}

#[cfg(test)]
mod tests {
    use bytes::Bytes;

    use super::*;

    fn check(method: Method, uri: &str) -> bool {
        let request = Request::builder()
            .method(method)
            .uri(uri)
            .body(Bytes::new());
        check_target(&request.unwrap().into_parts().0).is_ok()
    }

    #[test]
    fn accepts_only_paths_and_absolute_targets() {
        assert!(check(Method::GET, "/"));
        assert!(check(Method::GET, "//a"));
        assert!(check(Method::GET, "http://localhost:9200"));
        assert!(check(Method::GET, "http://localhost:9200/_search?q=a"));
        assert!(!check(Method::GET, "https://localhost:9200/"));
        assert!(!check(Method::GET, "ftp://localhost/"));
        assert!(!check(Method::OPTIONS, "*"));
        assert!(!check(Method::CONNECT, "localhost:9200"));
        assert!(!check(Method::GET, "localhost:9200"));
    }
}
