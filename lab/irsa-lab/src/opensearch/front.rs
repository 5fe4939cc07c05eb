//! The front of a domain: accepts or rejects requests as the service does, and forwards accepted ones.

use std::error::Error;
use std::net::IpAddr;
use std::sync::Arc;

use bytes::Bytes;
use http::header::{ACCEPT_ENCODING, CONTENT_LENGTH, DATE, EXPECT, HOST};
use http::request::Parts;
use http::uri::Authority;
use http::{HeaderName, HeaderValue, Request, Response, StatusCode, Uri};
use http_body_util::BodyExt as _;
use hyper::body::Incoming;
use irsa_chain::Cause;

use super::authorize::{self, Call, Caller};
use super::backend::{Backend, BackendError};
use super::body::{self, AnswerBody, BodyFault};
use super::health::Health;
use super::refusal::Refusal;
use super::{nodes, signature, verdict};
use crate::clock::{LabClock, http_date, pause};
use crate::faults::{Faults, OpenSearchTrouble};
use crate::ledger::{Ledger, Outcome, RefusalEntry, Service};
use crate::random;
use crate::reply;
use crate::sessions::Sessions;
use crate::sigv4::SignedRequest;
use crate::world::{Domain, World};

const REQUEST_ID: HeaderName = HeaderName::from_static("x-amzn-requestid");
/// The ledger's operation for methods without an action.
const OTHER_METHOD: &str = "es:ESHttp";

/// The state of a domain's front.
#[derive(Debug)]
pub(super) struct Front {
    pub(super) domain: Arc<Domain>,
    pub(super) world: Arc<World>,
    pub(super) sessions: Arc<Sessions>,
    pub(super) ledger: Arc<Ledger>,
    pub(super) faults: Arc<Faults>,
    pub(super) clock: Arc<dyn LabClock>,
    pub(super) health: Health,
    pub(super) backend: Backend,
}

/// The connection ends without a response.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the connection is cut")]
pub(super) struct Cut;

impl Front {
    /// Responds to a request, or cuts its connection.
    pub(super) async fn answer(
        &self,
        request: Request<Incoming>,
        source: IpAddr,
    ) -> Result<Response<AnswerBody>, Cut> {
        let (mut parts, body) = request.into_parts();
        name_the_host(&mut parts);
        let operation = authorize::action(&parts.method).unwrap_or(OTHER_METHOD);
        let waits = parts.headers.contains_key(EXPECT);
        let body = match body::whole(body, self.domain.max_request_bytes, waits).await {
            Ok(body) => Ok(body),
            Err(BodyFault::TooLarge) => Err(Refusal::too_large(self.domain.max_request_bytes)),
            Err(BodyFault::Broken) => return Err(Cut),
        };
        pause(self.faults.opensearch_latency()).await;
        let response = match self.trouble(&parts, operation)? {
            Some(response) => response.map(body::full),
            None => self.work(parts, body, source, operation).await,
        };
        Ok(self.finished(response))
    }

    /// Returns the response of a fault, if one is on.
    fn trouble(&self, parts: &Parts, operation: &str) -> Result<Option<Response<Bytes>>, Cut> {
        let Some(trouble) = self.faults.take_opensearch() else {
            return Ok(None);
        };
        self.count(operation, Outcome::Fault);
        match trouble {
            OpenSearchTrouble::Cut => Err(Cut),
            OpenSearchTrouble::Unavailable => Ok(Some(unavailable())),
            OpenSearchTrouble::Throttled => Ok(Some(throttled(parts.uri.path()))),
        }
    }

    async fn work(
        &self,
        mut parts: Parts,
        body: Result<Bytes, Refusal>,
        source: IpAddr,
        operation: &str,
    ) -> Response<AnswerBody> {
        let admitted = body.and_then(|body| Ok((self.admit(&parts, &body, source)?, body)));
        let (caller, body) = match admitted {
            Ok(admitted) => admitted,
            Err(refusal) => return self.refused(refusal, operation).map(body::full),
        };
        let uri = parts.uri.clone();
        if nodes::describes(&uri) {
            parts.headers.remove(ACCEPT_ENCODING);
        }
        let answer = match self.backend.forward(parts, body, &caller, source).await {
            Ok(response) => self.passed_on(response, &uri, operation).await,
            Err(error) => Err(error),
        };
        answer.unwrap_or_else(|error| {
            self.failed(&*error, operation);
            unavailable().map(body::full)
        })
    }

    /// Logs why the server did not respond; if it has ended, records that in the ledger.
    fn failed(&self, error: &(dyn Error + Send + Sync), operation: &str) {
        let domain = &self.domain.name;
        let Some(reason) = self.health.ended() else {
            tracing::error!(%error, domain, "the domain's OpenSearch did not respond");
            return self.count(operation, Outcome::Fault);
        };
        let (status, cause) = (StatusCode::SERVICE_UNAVAILABLE, Cause::EndpointFailed);
        let message = format!("the OpenSearch of domain `{domain}` has ended: {reason}");
        self.enter(operation, status, cause, message);
    }

    /// Verifies the signature, then evaluates the policies.
    fn admit(&self, parts: &Parts, body: &[u8], source: IpAddr) -> Result<Caller, Refusal> {
        let now = self.clock.now();
        let signed = SignedRequest {
            method: &parts.method,
            path: parts.uri.path(),
            query: parts.uri.query().unwrap_or_default(),
            headers: &parts.headers,
            body,
        };
        let session = signature::authenticate(&signed, &self.domain, now, &self.sessions)?;
        let call = Call {
            method: &parts.method,
            path: parts.uri.path(),
            source,
            now,
        };
        authorize::authorize(session.as_deref(), &call, &self.domain, &self.world)
    }

    fn refused(&self, refusal: Refusal, operation: &str) -> Response<Bytes> {
        self.enter(
            operation,
            refusal.status,
            refusal.cause,
            refusal.message.clone(),
        );
        refusal.response()
    }

    /// Returns OpenSearch's response, and records in the ledger what the security plugin refused.
    async fn passed_on(
        &self,
        response: Response<Incoming>,
        uri: &Uri,
        operation: &str,
    ) -> Result<Response<AnswerBody>, BackendError> {
        let (path, describes_nodes) = (uri.path(), nodes::describes(uri));
        if !describes_nodes && !verdict::is_to_be_read(response.status(), path) {
            self.count(operation, Outcome::Served);
            return Ok(response.map(|body| body.map_err(Into::into).boxed_unsync()));
        }
        let (mut parts, body) = response.into_parts();
        let mut body = body.collect().await?.to_bytes();
        if let Some(hidden) = describes_nodes
            .then(|| nodes::without_addresses(&body))
            .flatten()
        {
            parts.headers.remove(CONTENT_LENGTH);
            body = hidden.into();
        }
        match verdict::refusal(parts.status, path, &parts.headers, &body) {
            Some(reason) => {
                let status = StatusCode::FORBIDDEN;
                self.enter(operation, status, Cause::FgacNotGranted, reason);
            }
            None => self.count(operation, Outcome::Served),
        }
        Ok(Response::from_parts(parts, body::full(body)))
    }

    /// Adds the headers of every response: AWS's time and a request ID.
    fn finished(&self, response: Response<AnswerBody>) -> Response<AnswerBody> {
        let mut response = if self.faults.take_cut_answer() {
            response.map(body::cut)
        } else {
            response
        };
        let headers = [
            (DATE, http_date(self.clock.now())),
            (REQUEST_ID, random::uuid()),
        ];
        for (name, value) in headers {
            if let Ok(value) = HeaderValue::from_str(&value) {
                response.headers_mut().insert(name, value);
            }
        }
        response
    }

    fn count(&self, operation: &str, outcome: Outcome) {
        self.ledger.count(Service::OpenSearch, operation, outcome);
    }

    fn enter(&self, operation: &str, status: StatusCode, cause: Cause, message: String) {
        self.ledger.refuse(RefusalEntry {
            service: Service::OpenSearch,
            operation: operation.to_owned(),
            cause,
            code: status.as_str().to_owned(),
            message,
        });
    }
}

/// Copies `:authority` of HTTP/2 to `host`, which signatures cover.
fn name_the_host(parts: &mut Parts) {
    let authority = parts.uri.authority().map(Authority::as_str);
    if !parts.headers.contains_key(HOST)
        && let Some(host) = authority.and_then(|host| host.parse().ok())
    {
        parts.headers.insert(HOST, host);
    }
}

/// Returns the 429 in "Handling errors" of the Amazon OpenSearch Service guide.
fn throttled(path: &str) -> Response<Bytes> {
    let text = format!("429 Too Many Requests {path}");
    reply::text(StatusCode::TOO_MANY_REQUESTS, text)
}

fn unavailable() -> Response<Bytes> {
    let page = "<html><body><b>Http/1.1 Service Unavailable</b></body> </html>";
    reply::with_type("text/html", StatusCode::SERVICE_UNAVAILABLE, page)
}
