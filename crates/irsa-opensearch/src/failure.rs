//! Failures of the proxy itself, in the format of OpenSearch's errors, so that its clients can parse them.
//!
//! Clients show `error.type` and `error.reason`; `link`, `cause` and `remedy` name the broken link of the identity
//! chain and the fix. No field contains secrets.

use bytes::Bytes;
use http::header::{
    CACHE_CONTROL, CONNECTION, CONTENT_TYPE, HeaderValue, RETRY_AFTER, WWW_AUTHENTICATE,
};
use http::{Response, StatusCode};
use hyper_util::client::legacy;
use irsa_chain::{Cause, Link};
use irsa_identity::IdentityError;
use serde_json::{Map, Value, json};

use crate::body::BodyError;
use crate::client_auth::AuthError;
use crate::guard::Denial;
use crate::upstream_error::{UpstreamError, find};
use crate::web::ForeignPage;

/// The reason why irsa responds to a request instead of forwarding it.
#[derive(Debug)]
pub(crate) enum Failure {
    /// The `Host` header or the request target is not a name of the listener.
    Host,
    /// The form of the request target is not supported by a proxy for one domain.
    Target(&'static str),
    /// The body has an unsupported transfer coding.
    Coding,
    Auth(AuthError),
    /// The request comes from a web page of a different origin.
    Page(ForeignPage),
    /// Too many remote clients have not authenticated yet.
    TooManyUnauthenticated,
    /// The maximum number of open connections is in use.
    TooManyConnections,
    Denied(Denial),
    Body(BodyError),
    Identity(IdentityError),
    Upstream(UpstreamError),
    /// The response to a write cannot be read. The status is not 502, which would make clients retry.
    Unreadable(UpstreamError),
    /// The body was forwarded while it was received, so it cannot be sent again.
    SentAlready,
}

/// The context of a failure: the domain, the role and the identity source.
#[derive(Debug)]
pub(crate) struct FailureFacts<'a> {
    pub(crate) host: &'a str,
    pub(crate) region: &'a str,
    pub(crate) source: &'a str,
    pub(crate) role: Option<String>,
}

// === impl Failure ===

impl Failure {
    /// Converts an error of the HTTP client: the domain failed, or the request body could not be read.
    pub(crate) fn from_error(error: &legacy::Error) -> Self {
        match find::<BodyError>(error) {
            Some(error) => Self::Body(error.repeat()),
            None => Self::Upstream(UpstreamError::from_error(error)),
        }
    }

    pub(crate) fn cause(&self) -> Option<Cause> {
        match self {
            Self::Identity(error) => error.cause(),
            Self::Upstream(error) | Self::Unreadable(error) => Some(error.cause()),
            Self::Body(BodyError::TooLarge(_)) => Some(Cause::RequestTooLarge),
            _ => None,
        }
    }

    pub(crate) fn link(&self) -> Option<Link> {
        match self {
            Self::Identity(error) => Some(error.link()),
            _ => self.cause().map(Cause::link),
        }
    }

    /// Returns a short name, which is also used in metrics.
    pub(crate) fn name(&self) -> &'static str {
        match self {
            Self::Host => "host",
            Self::Target(_) => "target",
            Self::Coding => "transfer_coding",
            Self::Auth(_) => "client_auth",
            Self::Page(_) => "origin",
            Self::TooManyUnauthenticated => "too_many_unauthenticated",
            Self::TooManyConnections => "too_many_connections",
            Self::Denied(Denial::ReadOnly) => "read_only",
            Self::Denied(Denial::Path(_)) => "path",
            Self::Denied(Denial::SecurityApi) => "security_api",
            Self::Body(BodyError::TooLarge(_)) => "request_too_large",
            Self::Body(BodyError::BuffersFull) => "buffers_full",
            Self::Body(BodyError::Slow(_)) => "request_timeout",
            Self::Body(BodyError::Broken(_)) => "request_broken",
            Self::Body(BodyError::Disk(_)) => "spill",
            Self::Identity(_) => "identity",
            Self::Unreadable(_) => "response_unreadable",
            Self::Upstream(_) | Self::SentAlready => "upstream",
        }
    }

    /// Returns the status. 503 makes clients retry soon, which helps with temporary problems of the identity; 502 and
    /// 504 report a failure behind the proxy.
    pub(crate) fn status(&self) -> StatusCode {
        match self {
            Self::Host => StatusCode::MISDIRECTED_REQUEST,
            Self::Target(_) | Self::Body(BodyError::Broken(_)) => StatusCode::BAD_REQUEST,
            Self::Coding => StatusCode::NOT_IMPLEMENTED,
            Self::Auth(AuthError::Password) => StatusCode::UNAUTHORIZED,
            Self::Auth(_) | Self::Page(_) | Self::Denied(_) => StatusCode::FORBIDDEN,
            Self::TooManyUnauthenticated | Self::TooManyConnections => {
                StatusCode::SERVICE_UNAVAILABLE
            }
            Self::Body(BodyError::TooLarge(_)) => StatusCode::PAYLOAD_TOO_LARGE,
            // Not 429: clients retry 502 to 504 (see the table in docs/opensearch.md).
            Self::Body(BodyError::BuffersFull) => StatusCode::SERVICE_UNAVAILABLE,
            Self::Body(BodyError::Slow(_)) => StatusCode::REQUEST_TIMEOUT,
            Self::Body(BodyError::Disk(_)) => StatusCode::INSUFFICIENT_STORAGE,
            Self::Identity(error) if error.is_transient() => StatusCode::SERVICE_UNAVAILABLE,
            Self::Upstream(error) if error.is_timeout() => StatusCode::GATEWAY_TIMEOUT,
            Self::Unreadable(_) => StatusCode::INTERNAL_SERVER_ERROR,
            Self::Identity(_) | Self::Upstream(_) | Self::SentAlready => StatusCode::BAD_GATEWAY,
        }
    }

    pub(crate) fn response(&self, facts: &FailureFacts<'_>) -> Response<Bytes> {
        let status = self.status();
        let body = self.body(status, facts).to_string();
        let mut response = Response::new(Bytes::from(body));
        *response.status_mut() = status;
        let headers = response.headers_mut();
        let json = HeaderValue::from_static("application/json; charset=UTF-8");
        headers.insert(CONTENT_TYPE, json);
        headers.insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
        if matches!(self, Self::Auth(AuthError::Password)) {
            let challenge = HeaderValue::from_static(r#"Basic realm="irsa", charset="UTF-8""#);
            headers.insert(WWW_AUTHENTICATE, challenge);
        }
        let is_full = matches!(
            self,
            Self::TooManyUnauthenticated | Self::TooManyConnections
        );
        if is_full || matches!(self, Self::Body(BodyError::BuffersFull)) {
            headers.insert(RETRY_AFTER, HeaderValue::from_static("1"));
        }
        if is_full || matches!(self, Self::Body(_)) {
            headers.insert(CONNECTION, HeaderValue::from_static("close"));
        }
        response
    }

    fn body(&self, status: StatusCode, facts: &FailureFacts<'_>) -> Value {
        let (kind, reason) = (self.kind(), self.reason(facts));
        let mut error = Map::new();
        error.insert(
            "root_cause".to_owned(),
            json!([{"type": kind, "reason": reason}]),
        );
        error.insert("type".to_owned(), json!(kind));
        error.insert("reason".to_owned(), json!(reason));
        let link = self.link().map(|link| link.id().to_owned());
        let cause = self.cause().map(|cause| cause.id().to_owned());
        let fields = [("link", link), ("cause", cause), ("remedy", self.remedy())];
        for (name, value) in fields {
            if let Some(value) = value {
                error.insert(name.to_owned(), json!(value));
            }
        }
        json!({"error": error, "status": status.as_u16()})
    }

    /// Returns the type, such as `irsa_sts_session_exception`, in the style of OpenSearch's types.
    fn kind(&self) -> String {
        if let Self::Unreadable(_) = self {
            return "irsa_response_unreadable".to_owned();
        }
        let name = match self.link() {
            Some(link) => link.id().replace('-', "_"),
            None => self.name().to_owned(),
        };
        format!("irsa_{name}_exception")
    }

    pub(crate) fn reason(&self, facts: &FailureFacts<'_>) -> String {
        match self.link() {
            Some(link) => format!("irsa: {self} ({}; {facts})", link.reference(self.cause())),
            None => format!("irsa: {self}"),
        }
    }

    pub(crate) fn remedy(&self) -> Option<String> {
        let remedy = match self {
            Self::Host => {
                "use `localhost` or `127.0.0.1` in the URL, or add the name that clients use with `server-name=NAME`"
            }
            Self::Target(_) => "use a path, as in `GET /_cluster/health HTTP/1.1`",
            Self::Coding => {
                "send the body with `Transfer-Encoding: chunked` or `Content-Length`; declare compression in \
                 `Content-Encoding`"
            }
            Self::Auth(AuthError::Password) => "set a user and password in the client",
            Self::Page(page) => return Some(page.remedy()),
            Self::Denied(denial) => return Some(denial.remedy()),
            Self::TooManyUnauthenticated => {
                "retry; if this persists, look for clients that connect without authenticating"
            }
            Self::TooManyConnections => {
                "retry; make clients reuse connections, or increase `--max-connections`"
            }
            Self::Auth(AuthError::Tls) => "use https:// in the client's URL",
            Self::Auth(AuthError::Certificate) => {
                "use https:// in the client's URL, and set its certificate and key"
            }
            Self::Auth(AuthError::User) => {
                "run the client as the user in --client-uid, or set --client-uid to the client's user ID"
            }
            Self::Body(BodyError::BuffersFull) => {
                "retry; if this persists, send smaller bodies or fewer at the same time, or increase \
                 `--body-memory` or `--spill-limit`"
            }
            Self::Body(BodyError::Disk(_)) => {
                "set `--spill-dir` to a writable directory with free space, such as an `emptyDir` volume"
            }
            Self::Body(BodyError::TooLarge(_)) => Cause::RequestTooLarge.remedy(),
            Self::Body(_) | Self::SentAlready => return None,
            Self::Identity(error) => return Some(error.remedy()),
            Self::Upstream(error) => error.cause().remedy(),
            Self::Unreadable(_) => "check whether the write took effect before sending it again",
        };
        Some(remedy.to_owned())
    }
}

impl std::fmt::Display for Failure {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Host => f.write_str("the request's `Host` is not a name of this listener"),
            Self::Target(problem) => f.write_str(problem),
            Self::Coding => f.write_str("the only supported transfer coding is `chunked`"),
            Self::Auth(error) => error.fmt(f),
            Self::Page(page) => page.fmt(f),
            Self::TooManyUnauthenticated => {
                f.write_str("too many clients have not authenticated yet")
            }
            Self::TooManyConnections => f.write_str("too many connections are open"),
            Self::Denied(denial) => denial.fmt(f),
            Self::Body(error) => error.fmt(f),
            Self::Identity(error) => error.fmt(f),
            Self::Upstream(error) => error.fmt(f),
            Self::Unreadable(error) => {
                write!(f, "{error}; the write may have taken effect")
            }
            Self::SentAlready => f.write_str("the request body cannot be sent a second time"),
        }
    }
}

impl From<BodyError> for Failure {
    fn from(error: BodyError) -> Self {
        Self::Body(error)
    }
}

impl From<IdentityError> for Failure {
    fn from(error: IdentityError) -> Self {
        Self::Identity(error)
    }
}

impl From<UpstreamError> for Failure {
    fn from(error: UpstreamError) -> Self {
        Self::Upstream(error)
    }
}

// === impl FailureFacts ===

impl std::fmt::Display for FailureFacts<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let Self {
            host,
            region,
            source,
            role,
        } = self;
        write!(f, "{host}, region {region}, identity from {source}")?;
        match role {
            Some(role) => write!(f, ", role {role}"),
            None => Ok(()),
        }
    }
}

#[cfg(test)]
mod tests;
