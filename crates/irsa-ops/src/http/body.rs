//! Request bodies, received completely and with a limit.

use bytes::Bytes;
use http_body_util::{BodyExt, LengthLimitError, Limited};
use hyper::body::{Body, Incoming};
use tokio::time::timeout;

use super::{Response, ServeOptions, StatusCode, header, text};

/// The reason why a body is rejected.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum BodyError {
    TooLarge(usize),
    TooSlow,
    Broken,
}

pub(super) async fn collect(body: Incoming, options: &ServeOptions) -> Result<Bytes, BodyError> {
    let max = options.max_body;
    // Checked before reading, so that a client that waits for `100 Continue` does not send the body.
    if usize::try_from(body.size_hint().lower()).map_or(true, |length| length > max) {
        return Err(BodyError::TooLarge(max));
    }
    match timeout(options.body_timeout, Limited::new(body, max).collect()).await {
        Err(_) => Err(BodyError::TooSlow),
        Ok(Ok(collected)) => Ok(collected.to_bytes()),
        Ok(Err(error)) if error.is::<LengthLimitError>() => Err(BodyError::TooLarge(max)),
        Ok(Err(_)) => Err(BodyError::Broken),
    }
}

impl BodyError {
    /// Creates a response that closes the connection, because the rest of the body is not read.
    pub(super) fn response(self) -> Response<Bytes> {
        let mut response = match self {
            Self::TooLarge(max) => text(
                StatusCode::PAYLOAD_TOO_LARGE,
                format_args!("the body is larger than {max} bytes"),
            ),
            Self::TooSlow => text(
                StatusCode::REQUEST_TIMEOUT,
                "the body did not arrive in time",
            ),
            Self::Broken => text(
                StatusCode::BAD_REQUEST,
                "the body is malformed or incomplete",
            ),
        };
        let close = header::HeaderValue::from_static("close");
        response.headers_mut().insert(header::CONNECTION, close);
        response
    }
}
