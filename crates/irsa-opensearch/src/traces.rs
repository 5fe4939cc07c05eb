//! Spans of requests and attempts, named by the semantic conventions for HTTP. The path is not recorded, because
//! document IDs may contain personal data.

use http::request::Parts;
use http::{Method, Response, StatusCode};
use irsa_chain::Cause;
use irsa_ops::trace::{Span, SpanKind, TraceContext};

use crate::domain::Domain;
use crate::failure::Failure;
use crate::metrics::method_label;
use crate::outbound::Outbound;

/// Starts the span of a client's request, which continues the client's trace, if there is one.
pub(crate) fn request(domain: &Domain, parts: &Parts) -> Option<Span> {
    let tracer = domain.tracer.as_ref()?;
    let parent = TraceContext::from_headers(&parts.headers);
    let mut span = tracer.start(span_name(&parts.method), SpanKind::Server, parent.as_ref())?;
    set_method(&mut span, &parts.method);
    span.set("url.scheme", "http");
    span.set("irsa.upstream", domain.upstream.to_string());
    span.set("irsa.route", crate::route::class(parts.uri.path()));
    Some(span)
}

/// Ends the span of a client's request. Without a status, the client left before the response.
pub(crate) fn end_request(mut span: Span, status: Option<StatusCode>) {
    let Some(status) = status else { return };
    set_status(&mut span, status, status.is_server_error());
    span.end();
}

/// Starts the span of an attempt to send a request to the domain.
pub(crate) fn attempt(domain: &Domain, outbound: &Outbound) -> Option<Span> {
    let request = outbound.trace()?;
    let tracer = domain.tracer.as_ref()?;
    let name = span_name(outbound.method());
    let mut span = tracer.start(name, SpanKind::Client, Some(request))?;
    set_method(&mut span, outbound.method());
    span.set("db.system.name", "opensearch");
    span.set("server.address", domain.upstream.sign_host.clone());
    span.set("server.port", domain.upstream.sign_port);
    match outbound.attempts() {
        0 => {}
        resends => span.set("http.request.resend_count", resends),
    }
    Some(span)
}

/// Ends the span of an attempt.
pub(crate) fn end_attempt<B>(mut span: Span, outcome: &Result<Response<B>, Failure>) {
    match outcome {
        Ok(answer) => {
            let status = answer.status();
            let is_error = status.is_client_error() || status.is_server_error();
            set_status(&mut span, status, is_error);
        }
        Err(failure) => span.fail(failure.cause().map_or(failure.name(), Cause::id)),
    }
    span.end();
}

/// Records the link and cause of a refusal by irsa.
pub(crate) fn note_failure(span: &mut Span, failure: &Failure) {
    if let Some(link) = failure.link() {
        span.set("irsa.link", link.id());
    }
    span.set("irsa.rejection", failure.name());
    if let Some(cause) = failure.cause() {
        span.set("irsa.cause", cause.id());
    }
}

/// Returns the name of a span. Unknown methods come from clients and are not part of it.
fn span_name(method: &Method) -> &'static str {
    match method_label(method) {
        "other" => "HTTP",
        known => known,
    }
}

fn set_method(span: &mut Span, method: &Method) {
    let method = match method_label(method) {
        "other" => "_OTHER",
        known => known,
    };
    span.set("http.request.method", method);
}

fn set_status(span: &mut Span, status: StatusCode, is_error: bool) {
    span.set("http.response.status_code", status.as_u16());
    if is_error {
        span.fail(status.as_u16().to_string());
    }
}
