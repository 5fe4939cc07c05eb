//! One request and its answer: signed, sent, and again where that is safe.

use std::time::Duration;

use http::Response;
use tokio::time::{sleep, timeout};

use crate::domain::Domain;
use crate::failure::Failure;
use crate::guard;
use crate::headers::clean_response;
use crate::outbound::Outbound;
use crate::plain::plain;
use crate::refusal;
use crate::response::Relayed;
use crate::retry::{Again, Retries};
use crate::upstream_error::UpstreamError;

/// Sends a request until there is an answer for the client.
pub(crate) async fn exchange(
    domain: &Domain,
    mut outbound: Outbound,
) -> Result<Response<Relayed>, Failure> {
    let mut retries = Retries::new(outbound.is_replayable());
    let mut may_learn = true;
    loop {
        let skew = domain.skew.seconds();
        let mut answer = match attempt(domain, &mut outbound, skew).await {
            Ok(answer) => answer,
            Err(Failure::Upstream(error)) => {
                match retries.after_error(&error, is_repeatable(&outbound)) {
                    Some(again) => {
                        wait(domain, &again).await;
                        continue;
                    }
                    None => return Err(error.into()),
                }
            }
            Err(failure) => return Err(failure),
        };
        if refusal::is_suspect(answer.status()) {
            let begun = answer.body_mut().glance().await;
            let begun = plain(answer.headers(), &begun);
            if may_learn && learn_skew(domain, &answer, &begun, skew) && retries.are_possible() {
                may_learn = false;
                domain.metrics.retried("clock_skew");
                continue;
            }
            let (status, now) = (answer.status(), domain.clock.now());
            let is_repeatable = is_repeatable(&outbound);
            if let Some(again) = retries.after_answer(status, answer.headers(), now, is_repeatable)
            {
                wait(domain, &again).await;
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

/// Signs with the credentials and the time of now, and sends.
async fn attempt(
    domain: &Domain,
    outbound: &mut Outbound,
    skew: i64,
) -> Result<Response<Relayed>, Failure> {
    let credentials = domain.identity.credentials().await?;
    let request = outbound.signed(domain, &credentials, skew)?;
    let sending = domain.client.request(request);
    let limit = domain.limits.response_timeout.unwrap_or(Duration::MAX);
    let answer = timeout(limit, sending)
        .await
        .map_err(|_| UpstreamError::TimedOut(limit))?
        .map_err(|error| Failure::of(&error))?;
    Ok(answer.map(Relayed::new))
}

fn is_repeatable(outbound: &Outbound) -> bool {
    guard::is_repeatable(outbound.method(), outbound.path())
}

async fn wait(domain: &Domain, again: &Again) {
    domain.metrics.retried(again.reason);
    tracing::debug!(upstream = %domain.upstream, reason = again.reason, pause = ?again.pause, "trying again");
    sleep(again.pause).await;
}

/// Whether an answer taught us that our clock is off by another amount than we signed with.
fn learn_skew(domain: &Domain, answer: &Response<Relayed>, begun: &[u8], used: i64) -> bool {
    if !refusal::is_clock_skew(answer.status(), begun) {
        return false;
    }
    let learnt = domain
        .skew
        .learn(answer.headers(), domain.clock.now(), used);
    let Some(seconds) = learnt else { return false };
    domain.metrics.skew.set(seconds);
    tracing::warn!(
        upstream = %domain.upstream,
        seconds,
        "this machine's clock is behind the domain's by so many seconds, and signatures are dated \
         by the domain's from now on: repair the time service"
    );
    true
}
