//! Why a request got no answer from the domain.

use std::error::Error;
use std::sync::Arc;
use std::time::Duration;

use hyper_util::client::legacy;
use irsa_chain::Cause;
use irsa_net::connect::ConnectError;
use irsa_net::tls::HandshakeError;

/// No answer came.
#[derive(Debug, thiserror::Error)]
pub(crate) enum UpstreamError {
    #[error("{0}")]
    Connect(Arc<ConnectError>),
    #[error("{}", .0.sentence("the domain"))]
    Handshake(Arc<HandshakeError>),
    #[error("TLS with the domain took longer than {0:?}")]
    TlsTimeout(Duration),
    /// The connection ended before any of the request was sent, or the domain says that it has done
    /// nothing of it.
    #[error("the domain did not take the request: {0}")]
    Untaken(String),
    /// The connection ended after some of the request may have been sent.
    #[error("the connection to the domain broke before its answer: {0}")]
    Broken(String),
    /// An answer came, but no HTTP that can be passed on.
    #[error("the domain's answer cannot be read: {0}")]
    Unreadable(String),
    #[error("the domain did not answer within {0:?}")]
    TimedOut(Duration),
}

/// What a connector fails with: the first three.
#[derive(Debug, thiserror::Error)]
pub(crate) enum ConnectorError {
    #[error("{0}")]
    Connect(Arc<ConnectError>),
    #[error("{0}")]
    Handshake(Arc<HandshakeError>),
    #[error("TLS took longer than {0:?}")]
    TlsTimeout(Duration),
}

// === impl UpstreamError ===

impl UpstreamError {
    pub(crate) fn of(error: &legacy::Error) -> Self {
        if let Some(error) = find::<ConnectorError>(error) {
            return match error {
                ConnectorError::Connect(error) => Self::Connect(Arc::clone(error)),
                ConnectorError::Handshake(error) => Self::Handshake(Arc::clone(error)),
                ConnectorError::TlsTimeout(after) => Self::TlsTimeout(*after),
            };
        }
        let text = text_of(error);
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

/// Whether the server promises that it has done nothing for a request: it refused the stream, or
/// went away before it looked at it (RFC 9113, section 8.7).
fn is_untouched(error: &h2::Error) -> bool {
    let is_refused = error.is_reset() && error.reason() == Some(h2::Reason::REFUSED_STREAM);
    error.is_remote() && (is_refused || error.is_go_away())
}

/// Whether an answer was given up here, for what it is or how large it is.
fn is_unreadable(error: &legacy::Error) -> bool {
    find::<hyper::Error>(error).is_some_and(hyper::Error::is_parse)
        || find::<h2::Error>(error).is_some_and(h2::Error::is_library)
}

/// The error of this type among an error and its sources.
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

/// What the innermost error says: the outer ones repeat each other.
fn text_of(error: &(dyn Error + 'static)) -> String {
    let mut innermost = error;
    while let Some(source) = innermost.source() {
        innermost = source;
    }
    innermost.to_string()
}
