//! Errors of requests to the domain.

use std::error::Error;
use std::sync::Arc;
use std::time::Duration;

use hyper_util::client::legacy;
use irsa_chain::Cause;
use irsa_net::connect::ConnectError;
use irsa_net::error_chain::innermost;
use irsa_net::tls::HandshakeError;

/// The reason why there is no response.
#[derive(Debug, thiserror::Error)]
pub(crate) enum UpstreamError {
    #[error("{0}")]
    Connect(Arc<ConnectError>),
    #[error("{}", .0.sentence("the domain"))]
    Handshake(Arc<HandshakeError>),
    #[error("the TLS handshake with the domain took longer than {0:?}")]
    TlsTimeout(Duration),
    /// The connection was closed before any of the request was sent, or the domain confirms that it did not process it.
    #[error("the domain did not accept the request: {0}")]
    Untaken(String),
    /// The connection was closed after some of the request may have been sent.
    #[error("the domain closed the connection before its response: {0}")]
    Broken(String),
    /// The response is not HTTP that can be forwarded.
    #[error("cannot read the domain's response: {0}")]
    Unreadable(String),
    #[error("the domain did not respond within {0:?}")]
    TimedOut(Duration),
}

/// An error of the connector, which becomes one of the first three.
#[derive(Debug, thiserror::Error)]
pub(crate) enum ConnectorError {
    #[error("{0}")]
    Connect(Arc<ConnectError>),
    #[error("{0}")]
    Handshake(Arc<HandshakeError>),
    #[error("the TLS handshake took longer than {0:?}")]
    TlsTimeout(Duration),
}

// === impl UpstreamError ===

impl UpstreamError {
    pub(crate) fn from_error(error: &legacy::Error) -> Self {
        if let Some(error) = find::<ConnectorError>(error) {
            return match error {
                ConnectorError::Connect(error) => Self::Connect(Arc::clone(error)),
                ConnectorError::Handshake(error) => Self::Handshake(Arc::clone(error)),
                ConnectorError::TlsTimeout(after) => Self::TlsTimeout(*after),
            };
        }
        let text = innermost(error).to_string();
        let is_unsent = find::<hyper::Error>(error).is_some_and(hyper::Error::is_canceled);
        let is_untouched = find::<h2::Error>(error).is_some_and(is_untouched);
        if is_unsent || is_untouched || error.is_connect() {
            Self::Untaken(text)
        } else if is_unreadable(error) {
            Self::Unreadable(text)
        } else {
            Self::Broken(text)
        }
    }

    pub(crate) fn cause(&self) -> Cause {
        match self {
            Self::Connect(error) => ConnectError::cause(error),
            Self::Handshake(error) => HandshakeError::cause(error),
            Self::TlsTimeout(_) | Self::TimedOut(_) => Cause::EndpointTimeout,
            Self::Untaken(_) | Self::Broken(_) | Self::Unreadable(_) => Cause::EndpointFailed,
        }
    }

    pub(crate) fn is_timeout(&self) -> bool {
        self.cause() == Cause::EndpointTimeout
    }
}

/// Returns whether the server guarantees that it did not process the request: it refused the stream, or went away
/// before processing it (RFC 9113, section 8.7).
fn is_untouched(error: &h2::Error) -> bool {
    let is_refused = error.is_reset() && error.reason() == Some(h2::Reason::REFUSED_STREAM);
    error.is_remote() && (is_refused || error.is_go_away())
}

/// Returns whether irsa stopped reading the response because of its content or size.
fn is_unreadable(error: &legacy::Error) -> bool {
    find::<hyper::Error>(error).is_some_and(hyper::Error::is_parse)
        || find::<h2::Error>(error).is_some_and(h2::Error::is_library)
}

/// Returns the first error of type `E` in a chain of sources.
pub(crate) fn find<'a, E: Error + 'static>(error: &'a (dyn Error + 'static)) -> Option<&'a E> {
    let mut next = Some(error);
    while let Some(error) = next {
        if let Some(found) = error.downcast_ref() {
            return Some(found);
        }
        next = error.source();
    }
    None
}
