//! Failures of the proxy's own: answers in OpenSearch's shape, so that its clients can read them.
//!
//! `error.type` and `error.reason` are what clients show; `link`, `cause` and `remedy` say which
//! link of the identity chain broke and what to do. No secret is in any of them.

use bytes::Bytes;
use http::header::{
    CACHE_CONTROL, CONNECTION, CONTENT_TYPE, HeaderValue, RETRY_AFTER, WWW_AUTHENTICATE,
};
use http::{Response, StatusCode};
use hyper_util::client::legacy;
use irsa_chain::{Cause, Link};
use irsa_identity::IdentityError;
use serde_json::{Map, Value, json};

use crate::body::IntakeError;
use crate::client_auth::AuthError;
use crate::guard::Denial;
use crate::upstream_error::{UpstreamError, find};
use crate::web::ForeignPage;

/// Why a request is answered here.
#[derive(Debug)]
pub(crate) enum Failure {
    /// Its `Host` or its target is none of ours.
    Host,
    /// Its target is of a form that a proxy of one domain has no use for.
    Target(&'static str),
    /// Its body comes in a transfer coding that is not undone here.
    Coding,
    Auth(AuthError),
    /// It comes from a web page that is not of this listener.
    Page(ForeignPage),
    /// Too many clients of other machines have not authenticated yet.
    TooManyUnauthenticated,
    /// All connections that may be open are busy.
    TooManyConnections,
    Denied(Denial),
    Intake(IntakeError),
    Identity(IdentityError),
    Upstream(UpstreamError),
    /// The answer to a write can't be read. Not 502, which clients take for a reason to send it again.
    Unreadable(UpstreamError),
    /// Its body was passed on while it came, and can't be sent again.
    SentAlready,
}

/// What is known around a failure: the domain, the role, where the identity is from.
#[derive(Debug)]
pub(crate) struct Facts<'a> {
    pub(crate) host: &'a str,
    pub(crate) region: &'a str,
    pub(crate) source: &'a str,
    pub(crate) role: Option<String>,
}

// === impl Failure ===

impl Failure {
    /// Why a request got no answer: for the domain, or for a body that could not be passed on.
    pub(crate) fn of(error: &legacy::Error) -> Self {
        match find::<IntakeError>(error) {
            Some(error) => Self::Intake(error.repeat()),
            None => Self::Upstream(UpstreamError::of(error)),
        }
    }

    pub(crate) fn cause(&self) -> Option<Cause> {
        match self {
            Self::Identity(error) => error.cause(),
            Self::Upstream(error) | Self::Unreadable(error) => Some(error.cause()),
            Self::Intake(IntakeError::TooLarge(_)) => Some(Cause::RequestTooLarge),
            _ => None,
        }
    }

    pub(crate) fn link(&self) -> Option<Link> {
        match self {
            Self::Identity(error) => Some(error.link()),
            _ => self.cause().map(Cause::link),
        }
    }

    /// A short name, also for metrics.
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
            Self::Intake(IntakeError::TooLarge(_)) => "request_too_large",
            Self::Intake(IntakeError::NoRoom) => "buffers_full",
            Self::Intake(IntakeError::Slow(_)) => "request_timeout",
            Self::Intake(IntakeError::Broken(_)) => "request_broken",
            Self::Intake(IntakeError::Disk(_)) => "spill",
            Self::Identity(_) => "identity",
            Self::Unreadable(_) => "response_unreadable",
            Self::Upstream(_) | Self::SentAlready => "upstream",
        }
    }

    /// 503 invites clients to try again soon, which helps where the identity is broken in passing;
    /// 502 and 504 say that what is behind this proxy failed.
    pub(crate) fn status(&self) -> StatusCode {
        match self {
            Self::Host => StatusCode::MISDIRECTED_REQUEST,
            Self::Target(_) | Self::Intake(IntakeError::Broken(_)) => StatusCode::BAD_REQUEST,
            Self::Coding => StatusCode::NOT_IMPLEMENTED,
            Self::Auth(AuthError::Password) => StatusCode::UNAUTHORIZED,
            Self::Auth(_) | Self::Page(_) | Self::Denied(_) => StatusCode::FORBIDDEN,
            Self::TooManyUnauthenticated | Self::TooManyConnections => {
                StatusCode::SERVICE_UNAVAILABLE
            }
            Self::Intake(IntakeError::TooLarge(_)) => StatusCode::PAYLOAD_TOO_LARGE,
            // Not 429: clients retry 502 to 504 (docs/opensearch.md has the table).
            Self::Intake(IntakeError::NoRoom) => StatusCode::SERVICE_UNAVAILABLE,
            Self::Intake(IntakeError::Slow(_)) => StatusCode::REQUEST_TIMEOUT,
            Self::Intake(IntakeError::Disk(_)) => StatusCode::INSUFFICIENT_STORAGE,
            Self::Identity(error) if error.is_transient() => StatusCode::SERVICE_UNAVAILABLE,
            Self::Upstream(error) if error.is_timeout() => StatusCode::GATEWAY_TIMEOUT,
            Self::Unreadable(_) => StatusCode::INTERNAL_SERVER_ERROR,
            Self::Identity(_) | Self::Upstream(_) | Self::SentAlready => StatusCode::BAD_GATEWAY,
        }
    }

    pub(crate) fn response(&self, facts: &Facts<'_>) -> Response<Bytes> {
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
        if is_full || matches!(self, Self::Intake(IntakeError::NoRoom)) {
            headers.insert(RETRY_AFTER, HeaderValue::from_static("1"));
        }
        if is_full || matches!(self, Self::Intake(_)) {
            headers.insert(CONNECTION, HeaderValue::from_static("close"));
        }
        response
    }

    fn body(&self, status: StatusCode, facts: &Facts<'_>) -> Value {
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

    /// Such as `irsa_sts_session_exception`: OpenSearch's own types end so.
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

    fn reason(&self, facts: &Facts<'_>) -> String {
        match self.link() {
            Some(link) => format!("irsa: {self} ({}; {facts})", link.reference(self.cause())),
            None => format!("irsa: {self}"),
        }
    }

    fn remedy(&self) -> Option<String> {
        let remedy = match self {
            Self::Host => {
                "send the request to a name of this listener, or add the name to those \
                           that it answers to"
            }
            Self::Target(_) => "send a path, as in `GET /_cluster/health HTTP/1.1`",
            Self::Coding => {
                "send the body in chunks or with its length; one that is compressed says so in \
                 `Content-Encoding`"
            }
            Self::Auth(AuthError::Password) => "set user and password in the client",
            Self::Page(page) => return Some(page.remedy()),
            Self::Denied(denial) => return Some(denial.remedy()),
            Self::TooManyUnauthenticated => {
                "retry; if it lasts, look for clients that connect without authenticating"
            }
            Self::TooManyConnections => {
                "retry; let clients reuse connections, or raise `--max-connections`"
            }
            Self::Auth(AuthError::Tls) => "use https:// in the client's URL",
            Self::Auth(AuthError::Certificate) => {
                "use https:// in the client's URL, and set its certificate and key"
            }
            Self::Auth(AuthError::User) => {
                "run the client as the user of --client-uid, or set that to the client's user ID"
            }
            Self::Intake(IntakeError::NoRoom) => {
                "retry; if this persists, send smaller or fewer bodies at the same time, or raise \
                 `--body-memory` or `--spill-limit`"
            }
            Self::Intake(IntakeError::Disk(_)) => {
                "name a writable folder with room for temporary files, such as an `emptyDir`"
            }
            Self::Intake(IntakeError::TooLarge(_)) => Cause::RequestTooLarge.remedy(),
            Self::Intake(_) | Self::SentAlready => return None,
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
            Self::Host => f.write_str("the request's host is no name of this listener"),
            Self::Target(problem) => f.write_str(problem),
            Self::Coding => f.write_str("no transfer coding but `chunked` is understood here"),
            Self::Auth(error) => error.fmt(f),
            Self::Page(page) => page.fmt(f),
            Self::TooManyUnauthenticated => {
                f.write_str("too many clients have not authenticated yet")
            }
            Self::TooManyConnections => f.write_str("too many connections are open"),
            Self::Denied(denial) => denial.fmt(f),
            Self::Intake(error) => error.fmt(f),
            Self::Identity(error) => error.fmt(f),
            Self::Upstream(error) => error.fmt(f),
            Self::Unreadable(error) => {
                write!(f, "{error}; the write may have been carried out")
            }
            Self::SentAlready => f.write_str("the request's body can't be sent a second time"),
        }
    }
}

impl From<IntakeError> for Failure {
    fn from(error: IntakeError) -> Self {
        Self::Intake(error)
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

// === impl Facts ===

impl std::fmt::Display for Facts<'_> {
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
