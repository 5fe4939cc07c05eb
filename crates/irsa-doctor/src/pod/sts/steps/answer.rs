//! The checks of the connection to STS, and of the clock.

use irsa_chain::duration::short_seconds;
use irsa_chain::timestamp::{rfc3339_from_unix, unix_seconds};
use irsa_chain::{Cause, Link};
use irsa_identity::IdentityError;

use crate::pod::environment::probe::{ProxyVariables, proxy_variables, region};
use crate::pod::outcome::cancelled;
use crate::pod::state::Pod;
use crate::pod::sts::probe;
use crate::pod::text::clean;
use crate::{Check, CheckOutcome, Place, Step};

pub(in crate::pod) const REACHABLE: Step<Pod> = Step::once(
    &Check {
        id: "sts-reachable",
        place: Place::Pod,
        link: Link::StsSession,
        question: "Is STS reachable?",
        description: "Sends a request to the STS endpoint of the region, or to the configured one: DNS, TCP, verified TLS \
                   and HTTP, through the proxy in HTTPS_PROXY or ALL_PROXY, if set.",
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
        question: "Is this machine's clock correct?",
        description: "Compares the `Date` of a response from STS with this machine's clock. AWS accepts signatures whose \
                   time is off by up to 5 minutes. irsa uses the time from STS or the domain for its signatures, so a wrong \
                   clock is a warning. It breaks database logins if the identity source does not use STS, as with EKS Pod \
                   Identity.",
        causes: &[Cause::ClockSkew],
        needs: &["sts-reachable"],
    },
    |pod, _| Box::pin(clock(pod)),
);

/// The clock offset in seconds from which AWS rejects signatures ("Troubleshoot Signature Version 4", IAM user guide).
const REJECTED_FROM: u64 = 300;
/// The clock offset in seconds from which this check warns.
const WARNING_FROM: u64 = 60;

async fn reachable(pod: &mut Pod) -> CheckOutcome {
    let proxy = via_proxy(pod);
    let is_needed = pod.is_web_identity();
    match pod.sts.outcome().await {
        Some(Ok(response)) => CheckOutcome::holds(format!(
            "`{}` responds{proxy}",
            clean(response.answer.url.trim_end_matches('/'))
        )),
        Some(Err(error)) if !is_needed => CheckOutcome::not_applicable(format!(
            "STS is unreachable, but this source does not need it: {}",
            clean(&error.to_string())
        )),
        Some(Err(error)) => {
            let error = error.clone();
            unreachable(pod, &error, &proxy).await
        }
        None => cancelled(),
    }
}

/// The outcome if STS is unreachable, with its URL if that is known.
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
            "run `curl -v {url}` in the pod; correct the endpoint in `--sts-endpoint` or AWS_ENDPOINT_URL_STS, or unset it \
             to use the regional endpoint"
        ));
    }
    let region =
        region(settings).map_or_else(|_| String::new(), |(region, _)| format!(" in {region}"));
    seen.remedy(format!(
        "run `curl -v {url}` in the pod; in a private VPC, create an interface endpoint for STS{region} with private DNS, \
         and allow port 443 from the pods in its security group; with an HTTP proxy, check HTTPS_PROXY and NO_PROXY"
    ))
}

/// The proxy that requests to STS use, by the names of its variables.
fn via_proxy(pod: &Pod) -> String {
    match proxy_variables(&pod.options.identity.environment) {
        ProxyVariables { proxy: None, .. } => String::new(),
        ProxyVariables {
            proxy: Some(proxy),
            exemptions: None,
        } => format!(", through the proxy in `{proxy}`"),
        ProxyVariables {
            proxy: Some(proxy),
            exemptions: Some(exemptions),
        } => format!(", through the proxy in `{proxy}` unless `{exemptions}` exempts it"),
    }
}

async fn clock(pod: &mut Pod) -> CheckOutcome {
    let response = match pod.sts.outcome().await {
        Some(Ok(response)) => response,
        Some(Err(error)) => return CheckOutcome::not_applicable(clean(&error.to_string())),
        None => return cancelled(),
    };
    let Some(there) = response.answer.date.map(unix_seconds) else {
        return CheckOutcome::not_applicable("the response of STS has no `Date`");
    };
    let here = unix_seconds(response.at);
    let (apart, side) = (
        here.abs_diff(there),
        if here > there { "ahead" } else { "behind" },
    );
    let seen = format!(
        "this machine's clock is {} {side}: {} here, {} at AWS",
        short_seconds(apart),
        rfc3339_from_unix(here),
        rfc3339_from_unix(there)
    );
    let remedy = format!(
        "run `chronyc tracking` (or `timedatectl`) on the node and fix its time synchronization (on EC2: chronyd with \
         169.254.169.123); to see AWS's time, run `curl -sI {}` and read the `Date` header",
        clean(&response.answer.url)
    );
    if apart < WARNING_FROM {
        return CheckOutcome::holds(format!("clock offset {apart} s"));
    }
    pod.aws_time_here = Some((there, here));
    if apart >= REJECTED_FROM && uses_local_clock(pod) {
        let seen = format!("{seen}; AWS rejects signatures that use this clock");
        return CheckOutcome::broken(Cause::ClockSkew, seen).remedy(remedy);
    }
    let seen = format!(
        "{seen}; irsa uses AWS's time for its signatures, but other clients on this node do not"
    );
    CheckOutcome::warning(Cause::ClockSkew, seen).remedy(remedy)
}

/// Returns whether irsa uses this machine's clock for any signature. It gets AWS's time from STS, which some sources do
/// not use, and from each domain.
fn uses_local_clock(pod: &Pod) -> bool {
    !pod.learns_time_from_sts() && !pod.databases.is_empty()
}
