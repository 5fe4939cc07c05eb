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
        description: "The `Date` of STS's answer beside this machine's clock. AWS accepts signatures that are up to 5 \
                   minutes off. irsa signs by AWS's time once STS or a domain has told it, so that a wrong clock is a \
                   warning; it breaks logins to databases if the identity source does not ask STS, such as EKS Pod \
                   Identity.",
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
    if has_own_remedy {
        return seen.remedy(error.remedy());
    }
    if is_named {
        return seen.remedy(format!(
            "run `curl -v {url}` in the pod; `--sts-endpoint` or AWS_ENDPOINT_URL_STS names that endpoint: correct it, or \
             leave it out for AWS's own"
        ));
    }
    let region =
        region(settings).map_or_else(|_| String::new(), |(region, _)| format!(" in {region}"));
    seen.remedy(format!(
        "run `curl -v {url}` in the pod; in a private VPC create an interface endpoint for STS{region} with private DNS, and \
         let its security group accept port 443 from the pods; behind a proxy check HTTPS_PROXY and NO_PROXY"
    ))
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
    let remedy = format!(
        "run `chronyc tracking` (or `timedatectl`) on the node and repair its time service; on EC2 chronyd uses \
         169.254.169.123. AWS's time is in the `Date` of `curl -sI {}`",
        clean(&heard.answer.url)
    );
    if apart < WARNED_FROM {
        return CheckOutcome::holds(format!("clock offset {apart} s"));
    }
    pod.aws_time_here = Some((there, here));
    if apart >= REFUSED_FROM && signs_by_the_clock(pod) {
        let seen = format!("{seen}; AWS refuses what this clock dates");
        return CheckOutcome::broken(Cause::ClockSkew, seen).remedy(remedy);
    }
    let seen = format!("{seen}; irsa signs by AWS's time, other clients on this node do not");
    CheckOutcome::warning(Cause::ClockSkew, seen).remedy(remedy)
}

/// Returns whether irsa dates something by this machine's clock: it learns AWS's time from STS, which some sources do not
/// ask, and from each domain.
fn signs_by_the_clock(pod: &Pod) -> bool {
    !pod.learns_time_from_sts() && !pod.databases.is_empty()
}
