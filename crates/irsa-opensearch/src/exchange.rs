//! Sends a request, signed, and retries it if that is safe.

use std::time::Duration;

use http::{Method, Request, Response, StatusCode};
use hyper::body::Incoming;
use hyper_util::client::legacy::connect::capture_connection;
use hyper_util::client::legacy::{self, ResponseFuture};
use irsa_identity::SessionCredentials;
use irsa_ops::trace::Span;
use tokio::time::{Instant, sleep, timeout_at};

use crate::body::Outgoing;
use crate::decoded::decoded;
use crate::domain::Domain;
use crate::failure::Failure;
use crate::guard;
use crate::headers::{clean_response, has_supported_coding, is_framed_twice};
use crate::outbound::Outbound;
use crate::refusal;
use crate::response::Relayed;
use crate::retry::{Retries, Retry};
use crate::traces;
use crate::upstream_error::UpstreamError;

/// Sends a request until there is a response for the client.
pub(crate) async fn exchange(
    domain: &Domain,
    mut outbound: Outbound,
) -> Result<Response<Relayed>, Failure> {
    let mut retries = Retries::new(outbound.is_replayable());
    let (mut may_learn, mut may_renew) = (true, true);
    loop {
        let skew = domain.skew.seconds();
        let credentials = domain.identity.credentials().await?;
        let mut answer = match attempt(domain, &mut outbound, &credentials, skew).await {
            Ok(answer) => answer,
            Err(Failure::Upstream(error)) => {
                match retries.after_error(&error, is_repeatable(&outbound)) {
                    Some(retry) => {
                        wait(domain, &retry).await;
                        continue;
                    }
                    None => return Err(unanswered(error, &outbound)),
                }
            }
            Err(failure) => return Err(failure),
        };
        if refusal::is_suspect(answer.status()) {
            let begun = answer.body_mut().peek().await;
            let begun = decoded(answer.headers(), &begun);
            if may_learn && learn_skew(domain, &answer, &begun, skew) && retries.are_possible() {
                may_learn = false;
                domain.metrics.retried("clock_skew");
                continue;
            }
            if may_renew && refusal::is_expired_session(answer.status(), &begun) {
                may_renew = false;
                if has_fresh_session(domain, &credentials, retries.are_possible()).await {
                    domain.metrics.retried("session_expired");
                    continue;
                }
            }
            let (status, now) = (answer.status(), domain.clock.now());
            let is_repeatable = is_repeatable(&outbound);
            if let Some(retry) = retries.after_answer(status, answer.headers(), now, is_repeatable)
            {
                wait(domain, &retry).await;
                continue;
            }
            domain.note_refusal(status, &begun);
        } else {
            domain.last_use.held(domain.clock.now());
        }
        clean_response(answer.headers_mut());
        return Ok(answer);
    }
}

/// Signs the request with these credentials and the current time, and sends it.
async fn attempt(
    domain: &Domain,
    outbound: &mut Outbound,
    credentials: &SessionCredentials,
    skew: i64,
) -> Result<Response<Relayed>, Failure> {
    let span = traces::attempt(domain, outbound);
    let mut request = outbound.signed(domain, credentials, skew)?;
    if let Some(context) = span.as_ref().and_then(Span::context) {
        // The signature does not cover these headers.
        context.inject(request.headers_mut());
    }
    let outcome = send(domain, request).await;
    if let Some(span) = span {
        traces::end_attempt(span, &outcome);
    }
    outcome
}

/// Sends a signed request.
async fn send(
    domain: &Domain,
    mut request: Request<Outgoing>,
) -> Result<Response<Relayed>, Failure> {
    let connection = capture_connection(&mut request);
    let answer = awaited(domain, domain.client.request(request)).await?;
    domain.connections.answered();
    if may_be_dead(&answer)
        && let Some(connection) = &*connection.connection_metadata()
    {
        connection.poison();
    }
    if !has_supported_coding(answer.headers()) {
        let text = "it has a transfer coding other than `chunked`, which irsa did not request";
        return Err(UpstreamError::Unreadable(text.to_owned()).into());
    }
    Ok(answer.map(Relayed::new))
}

/// Waits for the headers of a response.
async fn awaited(
    domain: &Domain,
    mut sending: ResponseFuture,
) -> Result<Response<Incoming>, Failure> {
    let begun = Instant::now();
    let limit = domain.limits.response_timeout.unwrap_or(Duration::MAX);
    let deadline = begun.checked_add(limit);
    let mut pause = domain.limits.stall_notice;
    loop {
        let notice = Instant::now() + pause;
        let until = deadline.map_or(notice, |deadline| deadline.min(notice));
        let outcome = timeout_at(until, &mut sending).await;
        if let Ok(answer) = outcome {
            return answer.map_err(|error: legacy::Error| Failure::from_error(&error));
        }
        if deadline.is_some_and(|deadline| deadline <= until) {
            return Err(UpstreamError::TimedOut(limit).into());
        }
        domain.note_stalls();
        pause = domain.limits.stall_notice / STALL_CHECKS;
    }
}

/// The number of additional checks for stalls in each further period of
/// [`Limits::stall_notice`](crate::Limits::stall_notice). The last byte of a request is written some time after the
/// wait begins.
const STALL_CHECKS: u32 = 4;

/// Returns whether the connection may be unusable for further requests.
///
/// OpenSearch responds to requests that it cannot parse with one of these statuses, and then ignores everything that
/// follows without closing the connection. Over HTTP/2, the other requests on the connection still get their responses.
fn may_be_dead(answer: &Response<Incoming>) -> bool {
    let statuses = [
        StatusCode::BAD_REQUEST,
        StatusCode::PAYLOAD_TOO_LARGE,
        StatusCode::URI_TOO_LONG,
        StatusCode::REQUEST_HEADER_FIELDS_TOO_LARGE,
    ];
    statuses.contains(&answer.status()) || is_framed_twice(answer.headers())
}

/// Converts the error. A write with an unreadable response may have been carried out, so clients must not retry it
/// automatically.
fn unanswered(error: UpstreamError, outbound: &Outbound) -> Failure {
    let is_read =
        [Method::GET, Method::HEAD].contains(outbound.method()) || is_repeatable(outbound);
    match error {
        UpstreamError::Unreadable(_) if !is_read => Failure::Unreadable(error),
        error => error.into(),
    }
}

fn is_repeatable(outbound: &Outbound) -> bool {
    guard::is_repeatable(outbound.method(), outbound.path())
}

async fn wait(domain: &Domain, retry: &Retry) {
    domain.metrics.retried(retry.reason);
    tracing::debug!(upstream = %domain.upstream, reason = retry.reason, pause_seconds = retry.pause.as_secs_f64(), "retrying");
    sleep(retry.pause).await;
}

/// Renews the session if the domain reports it as expired. Returns whether the request can be sent again with a new
/// session. If not, the renewal continues for later requests.
async fn has_fresh_session(
    domain: &Domain,
    expired: &SessionCredentials,
    is_replayable: bool,
) -> bool {
    if is_replayable {
        domain.identity.renew(expired).await.is_some()
    } else {
        domain.identity.report_expired(expired);
        false
    }
}

/// Returns whether the response shows that the clock offset differs from the one that was used for signing.
fn learn_skew(domain: &Domain, answer: &Response<Relayed>, begun: &[u8], used: i64) -> bool {
    if !refusal::is_clock_skew(answer.status(), begun) {
        return false;
    }
    let now = domain.clock.now();
    let learnt = domain.skew.learn(answer.headers(), now, used);
    let Some(seconds) = learnt else { return false };
    domain.metrics.skew.set(seconds);
    tracing::warn!(
        upstream = %domain.upstream,
        seconds,
        "this machine's clock differs from the domain's; signatures for this domain now follow the \
         domain's time: repair the time service"
    );
    true
}
