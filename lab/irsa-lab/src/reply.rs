//! Responses of several services.

use bytes::Bytes;
use http::header::{CONTENT_TYPE, HeaderValue};
use http::{Response, StatusCode};

/// Returns plain text.
pub(crate) fn text(status: StatusCode, body: impl Into<String>) -> Response<Bytes> {
    with_type("text/plain; charset=utf-8", status, body)
}

/// Returns a JSON document.
pub(crate) fn json(status: StatusCode, body: impl Into<String>) -> Response<Bytes> {
    with_type("application/json", status, body)
}

/// Returns a document of any type.
pub(crate) fn with_type(
    content_type: &'static str,
    status: StatusCode,
    body: impl Into<String>,
) -> Response<Bytes> {
    let mut response = Response::new(Bytes::from(body.into()));
    *response.status_mut() = status;
    response
        .headers_mut()
        .insert(CONTENT_TYPE, HeaderValue::from_static(content_type));
    response
}
