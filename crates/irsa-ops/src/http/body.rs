//! The body of a request, whole and bounded.

use bytes::Bytes;
use http_body_util::{BodyExt, LengthLimitError, Limited};
use hyper::body::{Body, Incoming};
use tokio::time::timeout;

use super::{Response, ServeOptions, StatusCode, header, text};

/// A body that is not taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Refusal {
    TooLarge(usize),
    TooSlow,
    Broken,
}

pub(super) async fn collect(body: Incoming, options: &ServeOptions) -> Result<Bytes, Refusal> {
    let max = options.max_body;
    // Refused by its stated length, so that a client that waits for `100 Continue` sends nothing.
    if usize::try_from(body.size_hint().lower()).map_or(true, |length| length > max) {
        return Err(Refusal::TooLarge(max));
    }
    match timeout(options.body_timeout, Limited::new(body, max).collect()).await {
        Err(_) => Err(Refusal::TooSlow),
        Ok(Ok(collected)) => Ok(collected.to_bytes()),
        Ok(Err(error)) if error.is::<LengthLimitError>() => Err(Refusal::TooLarge(max)),
        Ok(Err(_)) => Err(Refusal::Broken),
    }
}

impl Refusal {
    /// The connection ends with it, for the rest of the body is not read.
    pub(super) fn response(self) -> Response<Bytes> {
        let mut response = match self {
            Self::TooLarge(max) => text(
                StatusCode::PAYLOAD_TOO_LARGE,
                format_args!("a body has at most {max} bytes here"),
            ),
            Self::TooSlow => text(
                StatusCode::REQUEST_TIMEOUT,
                "the body did not arrive in time",
            ),
            Self::Broken => text(StatusCode::BAD_REQUEST, "the body cannot be read"),
        };
        let close = header::HeaderValue::from_static("close");
        response.headers_mut().insert(header::CONNECTION, close);
        response
    }
}
