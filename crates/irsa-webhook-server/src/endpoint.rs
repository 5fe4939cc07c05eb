//! The answers to requests for reviews.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Instant;

use bytes::Bytes;
use http_body_util::Full;
use hyper::body::Incoming;
use irsa_ops::http::{Request, Response, header, text};
use irsa_ops::log_limit::LogLimit;
use irsa_webhook::{Outcome, Reason, Review, ReviewError, Reviewed, Settings};
use tokio::sync::Semaphore;
use tokio::task::spawn_blocking;
use tokio::time::timeout;

use crate::body::{BodyError, BodyLimit, SMALL};
use crate::event_recorder::{EventRecorder, subject};
use crate::lookup::{ObjectLookup, no_facts};
use crate::metrics::WebhookMetrics;
use crate::request::{Rejection, ReviewRequest};

/// The maximum number of reviews in memory as JSON, which needs up to 16 times the size of the body.
const REVIEWS: usize = 64;

/// Answers requests.
#[derive(Debug)]
pub(crate) struct Endpoint {
    lookup: ObjectLookup,
    settings: Arc<Settings>,
    metrics: WebhookMetrics,
    recorder: EventRecorder,
    bodies: BodyLimit,
    reviews: Semaphore,
    log: LogLimit,
    is_closing: AtomicBool,
}

impl Endpoint {
    pub(crate) fn new(
        lookup: ObjectLookup,
        settings: Arc<Settings>,
        metrics: WebhookMetrics,
        recorder: EventRecorder,
    ) -> Self {
        Self {
            lookup,
            settings,
            metrics,
            recorder,
            bodies: BodyLimit::new(),
            reviews: Semaphore::new(REVIEWS),
            log: LogLimit::default(),
            is_closing: AtomicBool::new(false),
        }
    }

    /// Closes each connection with its next response. The API server keeps connections open; one that it uses in the
    /// moment in which the server closes it would be a failed call.
    pub(crate) fn close_connections(&self) {
        self.is_closing.store(true, Ordering::Relaxed);
    }

    pub(crate) async fn respond(&self, request: Request<Incoming>) -> Response<Full<Bytes>> {
        let mut response = match self.answer(request).await {
            Ok(body) => json(body),
            Err(rejection) => self.reject(rejection),
        };
        if self.is_closing.load(Ordering::Relaxed) {
            let close = header::HeaderValue::from_static("close");
            response.headers_mut().insert(header::CONNECTION, close);
        }
        response.map(Full::new)
    }

    async fn answer(&self, request: Request<Incoming>) -> Result<Vec<u8>, Rejection> {
        let started = Instant::now();
        let head = ReviewRequest::read(&request)?;
        let review = self.review(request.into_body(), head, started);
        let reviewed = timeout(head.time, review).await;
        let (reviewed, body) = reviewed.map_err(|_| Rejection::Timeout)??;
        self.metrics.review(reviewed, started.elapsed());
        Ok(body)
    }

    /// Receives and answers a review, and returns its outcome and the response.
    async fn review(
        &self,
        body: Incoming,
        head: ReviewRequest,
        started: Instant,
    ) -> Result<(Outcome, Vec<u8>), Rejection> {
        let received = self.bodies.receive(body).await?;
        let _slot = self.reviews.acquire().await;
        let is_large = received.bytes.len() > SMALL;
        let bytes = received.bytes;
        let review = computed(is_large, move || Review::parse(&bytes)).await?;
        let review = review.map_err(Rejection::from)?;
        let left = head.time.saturating_sub(started.elapsed());
        let mut facts = if review.needs_facts() {
            let (namespace, account) = (review.namespace(), review.service_account());
            self.lookup.facts(namespace, account, left / 2).await
        } else {
            no_facts()
        };
        facts.is_required = head.is_required;
        let settings = Arc::clone(&self.settings);
        let (review, reviewed, body) = computed(is_large, move || {
            let reviewed = review.respond(&facts, &settings);
            let body = serde_json::to_vec(&reviewed.response);
            (review, reviewed, body)
        })
        .await?;
        self.report(&review, &reviewed);
        drop(received.permit);
        Ok((reviewed.outcome, body.map_err(|_| Rejection::Internal)?))
    }

    /// Logs why the pod gets no sidecar, and creates an event.
    fn report(&self, review: &Review, reviewed: &Reviewed) {
        let Some((reason, what)) = problem(reviewed.outcome) else {
            return;
        };
        let (namespace, account) = (review.namespace(), review.service_account());
        let subject = subject(review.object(), namespace, account);
        if let Some(suppressed) = self.log.may_log(reason.as_str()) {
            tracing::warn!(
                namespace,
                kind = subject.kind,
                name = subject.name,
                reason = reason.as_str(),
                detail = reviewed.detail,
                suppressed,
                "{what}"
            );
        }
        // The API server does not send pods of excluded namespaces, so this is a different client.
        if !review.is_dry_run() && reason != Reason::ExcludedNamespace {
            let note = format!("{what} ({}): {}", reason.as_str(), reviewed.detail);
            self.recorder.record(subject, reason.as_str(), note);
        }
    }

    fn reject(&self, rejection: Rejection) -> Response<Bytes> {
        self.metrics.rejected(rejection);
        if let Some(suppressed) = self.log.may_log(rejection.as_str()) {
            let reason = rejection.text();
            tracing::warn!(reason, suppressed, "request rejected");
        }
        let mut response = text(rejection.status(), rejection.text());
        // The rest of the body is not read.
        let close = header::HeaderValue::from_static("close");
        response.headers_mut().insert(header::CONNECTION, close);
        response
    }
}

/// Computes on a different thread if it takes long, so that other reviews do not wait.
async fn computed<T: Send + 'static>(
    is_long: bool,
    compute: impl FnOnce() -> T + Send + 'static,
) -> Result<T, Rejection> {
    if !is_long {
        return Ok(compute());
    }
    let computed = spawn_blocking(compute).await;
    computed.map_err(|_| Rejection::Internal)
}

/// The reason why a pod that asks for the sidecar may not be able to use it, and what happened.
fn problem(outcome: Outcome) -> Option<(Reason, &'static str)> {
    match outcome {
        Outcome::Denied(reason) => Some((
            reason,
            "pod rejected: it must not start without the sidecar",
        )),
        Outcome::Kept(reason) if !reason.is_silent() => Some((reason, "the sidecar may not work")),
        Outcome::NotInjected(reason) if !reason.is_silent() => {
            Some((reason, "sidecar not injected"))
        }
        _ => None,
    }
}

fn json(body: Vec<u8>) -> Response<Bytes> {
    let mut response = Response::new(Bytes::from(body));
    let kind = header::HeaderValue::from_static("application/json");
    response.headers_mut().insert(header::CONTENT_TYPE, kind);
    response
}

impl From<BodyError> for Rejection {
    fn from(error: BodyError) -> Self {
        match error {
            BodyError::TooLarge => Self::TooLarge,
            BodyError::Incomplete => Self::Incomplete,
        }
    }
}

impl From<ReviewError> for Rejection {
    fn from(error: ReviewError) -> Self {
        match error {
            ReviewError::TooLarge(_) => Self::TooLarge,
            _ => Self::Malformed,
        }
    }
}
