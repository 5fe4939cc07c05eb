//! The audience of the projected token.

use irsa_chain::{Cause, Link};

use super::Cluster;
use super::spelling::nearest;
use super::token::{PODS, STS, Token, VOLUME, token};
use crate::audience::is_for_api_server;
use crate::{Check, CheckOutcome, Place};
use irsa_chain::untrusted::quoted;

const AUDIENCE_ANNOTATION: &str = "eks.amazonaws.com/audience";

pub(super) static AUDIENCE: Check = Check {
    id: "container-token-audience",
    place: Place::Cluster,
    link: Link::ProjectedToken,
    question: "Is AWS the token's audience?",
    description: "Compares the projection's `audience` with the service account's annotation `eks.amazonaws.com/audience`, or \
               with `sts.amazonaws.com` if the annotation is missing.",
    causes: &[Cause::TokenAudienceWrong],
    needs: &["container-token-volume"],
};

pub(super) fn is_for_aws(cluster: &mut Cluster, name: &str) -> CheckOutcome {
    let (is_for_sts, audience) = match token(cluster, name) {
        Ok(Token {
            projection: Ok(projection),
            is_for_sts,
            ..
        }) => (is_for_sts, projection.audience.clone()),
        Ok(_) => return CheckOutcome::not_reached(VOLUME.id),
        Err(seen) => return seen,
    };
    let expected = expected(cluster, is_for_sts);
    let Some(audience) = audience.filter(|audience| !audience.is_empty()) else {
        return wrong(
            format!(
                "the projection sets no audience, so the token is for the API server, not for `{expected}`"
            ),
            &expected,
        );
    };
    if is_for_sts {
        cluster.workload.audience = Some(audience.clone());
    }
    let differs = format!(
        "the token's audience is {}, not `{expected}`",
        quoted(&audience)
    );
    if audience == expected {
        CheckOutcome::holds(format!("`{audience}`"))
    } else if is_for_api_server(&audience, cluster.workload.issuer.as_ref())
        || !is_for_sts
        || expected != STS
        || nearest(STS, [audience.as_str()].into_iter()).is_some()
    {
        wrong(differs, &expected)
    } else {
        CheckOutcome::warning(Cause::TokenAudienceWrong, differs).remedy(format!(
            "set `audience: {expected}` in the pod's `serviceAccountToken` volume; if this audience is intended, it must be \
             a client ID of the OIDC provider: `aws iam get-open-id-connect-provider --open-id-connect-provider-arn \
             PROVIDER_ARN --query ClientIDList`"
        ))
    }
}

fn expected(cluster: &Cluster, is_for_sts: bool) -> String {
    let account = cluster.learned.account.as_ref();
    let annotated =
        account.and_then(|account| account.metadata.annotations.get(AUDIENCE_ANNOTATION));
    match annotated {
        _ if !is_for_sts => PODS.to_owned(),
        Some(audience) => audience.clone(),
        None => STS.to_owned(),
    }
}

fn wrong(seen: String, expected: &str) -> CheckOutcome {
    CheckOutcome::broken(Cause::TokenAudienceWrong, seen).remedy(format!(
        "set `audience: {expected}` in the pod's `serviceAccountToken` volume; if the webhook added that volume, correct \
         the annotation {AUDIENCE_ANNOTATION} of the service account and delete the pod"
    ))
}
