//! The ten faults, in the order of the chain.

use irsa_chain::Cause;
use irsa_demo::reference_apps::search_clients::SearchClient;

use super::SearchFault;
use super::pod::Pod;
use crate::Error;
use crate::faults::Fault;

/// By how many seconds the pod's clock is late: more than the quarter of an hour that AWS forgives.
const LATE: i64 = 1_200;

pub(super) const TEN: [SearchFault; 10] = [
    fault(
        Cause::NoIdentityGiven,
        "the service account has no annotation",
        |pod| {
            pod.unset("AWS_ROLE_ARN");
            pod.unset("AWS_WEB_IDENTITY_TOKEN_FILE");
            Ok(())
        },
    ),
    fault(
        Cause::HalfAnIdentity,
        "a chart sets one of the two variables, the node's metadata is in reach, and the domain maps the node's role",
        |pod| {
            pod.unset("AWS_WEB_IDENTITY_TOKEN_FILE");
            pod.open_the_node();
            Ok(())
        },
    ),
    fault(
        Cause::TokenExpired,
        "the token in the file has expired",
        |pod| pod.token(|token| (token.issued_in, token.expires_in) = (-7200, -3600)),
    ),
    fault(
        Cause::TrustSubjectMismatch,
        "the role trusts another service account",
        |pod| {
            let other = match pod.client {
                SearchClient::Operate => "zeebe",
                SearchClient::Zeebe => "operate",
            };
            let role = format!("arn:aws:iam::111122223333:role/camunda/{other}-role");
            pod.set("AWS_ROLE_ARN", role);
            Ok(())
        },
    ),
    fault(
        Cause::StsUnreachable,
        "nothing answers where STS is",
        |pod| {
            pod.set("AWS_ENDPOINT_URL_STS", "https://127.0.0.1:1");
            Ok(())
        },
    ),
    fault(
        Cause::EsHttpNotAllowed,
        "no policy of the role allows `es:ESHttp*`",
        |pod| pod.become_workload("keycloak"),
    ),
    fault(
        Cause::DomainResourceMismatch,
        "the policy names the domain without `/*` behind it",
        |pod| pod.become_workload("optimize"),
    ),
    fault(
        Cause::SignedForAnotherRegion,
        "`AWS_REGION` is not the domain's",
        |pod| {
            pod.set("AWS_REGION", "us-east-1");
            Ok(())
        },
    ),
    fault(
        Cause::ClockSkew,
        "the node's clock is twenty minutes late",
        |pod| {
            pod.plan.clock_skew_seconds = LATE;
            Ok(())
        },
    ),
    fault(
        Cause::FgacNotGranted,
        "the domain maps the role to none of its own",
        |pod| pod.become_workload("tasklist"),
    ),
];

const fn fault(
    cause: Cause,
    broken: &'static str,
    set: fn(&mut Pod<'_>) -> Result<(), Error>,
) -> SearchFault {
    let fault = Fault { cause, broken };
    SearchFault { fault, set }
}
