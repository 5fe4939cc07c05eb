//! Whether STS answers, and what time it is there.

use irsa_chain::{Cause, Link};
use irsa_identity::IdentityError;

use crate::pod::environment::probe::{ProxyVariables, proxy_variables, region};
use crate::pod::outcome::cancelled;
use crate::pod::state::Pod;
use crate::pod::sts::probe;
use crate::pod::text::{clean, moment, seconds, span};
use crate::{Check, CheckOutcome, Place, Step};

pub(in crate::pod) const REACHABLE: Step<Pod> = Step::once(
    &Check {
        id: "sts-reachable",
        place: Place::Pod,
        link: Link::StsSession,
        question: "Does STS answer from here?",
        description: "The region's endpoint of STS, or the one that was set, by DNS, TCP, verified TLS and HTTP, through \
                   the proxy that HTTPS_PROXY or ALL_PROXY names, if any.",
        causes: &[Cause::StsUnreachable],
        needs: &["region"],
    },
    |pod, _| Box::pin(reachable(pod)),
);

pub(in crate::pod) const CLOCK: Step<Pod> = Step::once(
    &Check {
        id: "clock",
        place: Place::Pod,
        link: Link::Signature,
        question: "Is it the same time here and at AWS?",
        description: "The `Date` of STS's answer beside this machine's clock: AWS takes signatures that are 5 minutes off; \
                   a minute is a warning.",
        causes: &[Cause::ClockSkew],
        needs: &["sts-reachable"],
    },
    |pod, _| Box::pin(clock(pod)),
);

/// The tolerance of a signature's time, in seconds ("Troubleshoot Signature Version 4", IAM user guide).
const REFUSED_FROM: u64 = 300;
const WARNED_FROM: u64 = 60;

async fn reachable(pod: &mut Pod) -> CheckOutcome {
    let proxy = via_proxy(pod);
    let is_needed = pod.is_web_identity();
    match pod.sts.outcome().await {
        Some(Ok(heard)) => CheckOutcome::holds(format!(
            "`{}` answers{proxy}",
            clean(heard.answer.url.trim_end_matches('/'))
        )),
        Some(Err(error)) if !is_needed => CheckOutcome::not_applicable(format!(
            "it does not, but the exchange needs no STS: {}",
            clean(&error.to_string())
        )),
        Some(Err(error)) => {
            let error = error.clone();
            unreachable(pod, &error, &proxy).await
        }
        None => cancelled(),
    }
}

/// With the URL that was asked, where there is one.
async fn unreachable(pod: &mut Pod, error: &IdentityError, proxy: &str) -> CheckOutcome {
    let said = clean(&error.to_string());
    let url = probe::url(&pod.inspection).await;
    let Some(url) = url.filter(|_| error.cause() == Some(Cause::StsUnreachable)) else {
        return CheckOutcome::broken(Cause::StsUnreachable, said).remedy(error.remedy());
    };
    let url = clean(url.trim_end_matches('/'));
    let seen = CheckOutcome::broken(
        Cause::StsUnreachable,
        format!("{said}; endpoint: `{url}`{proxy}"),
    );
    let has_own_remedy = error.remedy() != Cause::StsUnreachable.remedy();
    let settings = &pod.options.identity;
    let is_named =
        settings.sts_endpoint.is_some() || pod.variable("AWS_ENDPOINT_URL_STS").is_some();
    match region(settings) {
        _ if has_own_remedy => seen.remedy(error.remedy()),
        _ if is_named => seen.remedy(format!(
            "run `curl -v {url}` in the pod; that endpoint was named by `--sts-endpoint` or AWS_ENDPOINT_URL_STS: correct \
             it, or leave it out for AWS's own"
        )),
        Ok((region, _)) => seen.remedy(error.remedy().replace("REGION", region.as_str())),
        Err(_) => seen,
    }
}

/// The proxy that STS is asked through, by the names of its variables.
fn via_proxy(pod: &Pod) -> String {
    match proxy_variables(&pod.options.identity.environment) {
        ProxyVariables { proxy: None, .. } => String::new(),
        ProxyVariables {
            proxy: Some(proxy),
            exemptions: None,
        } => format!(", through the proxy of `{proxy}`"),
        ProxyVariables {
            proxy: Some(proxy),
            exemptions: Some(spared),
        } => format!(", through the proxy of `{proxy}` unless `{spared}` names it"),
    }
}

async fn clock(pod: &mut Pod) -> CheckOutcome {
    let heard = match pod.sts.outcome().await {
        Some(Ok(heard)) => heard,
        Some(Err(error)) => return CheckOutcome::not_applicable(clean(&error.to_string())),
        None => return cancelled(),
    };
    let Some(there) = heard.answer.date.map(seconds) else {
        return CheckOutcome::not_applicable("STS's answer has no `Date` to compare with");
    };
    let here = seconds(heard.at);
    let (apart, side) = (
        here.abs_diff(there),
        if here > there { "ahead" } else { "behind" },
    );
    let seen = format!(
        "this machine's clock is {} {side}: {} here, {} at AWS",
        span(apart),
        moment(here),
        moment(there)
    );
    match apart {
        REFUSED_FROM.. => CheckOutcome::broken(Cause::ClockSkew, seen),
        WARNED_FROM.. => CheckOutcome::warning(Cause::ClockSkew, seen),
        _ => CheckOutcome::holds(format!("clock offset {apart} s")),
    }
}
