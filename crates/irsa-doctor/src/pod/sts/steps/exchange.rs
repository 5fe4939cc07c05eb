//! The outcome of the exchange, attributed to the links in the order in which STS processes a request.

use irsa_chain::{Cause, OidcProviderArn};
use irsa_identity::IdentityError;

use crate::audience::{STS, audience_remedy};
use crate::issuer::{PUBLIC_ISSUER, unreachable_issuer};
use crate::pod::outcome::{cancelled, from_error};
use crate::pod::state::Pod;
use crate::pod::sts::probe::{self, Stage};
use crate::pod::text::clean;
use crate::{CheckOutcome, Remedy};

/// The outcome of the exchange for one link.
pub(super) async fn stage(pod: &mut Pod, stage: Stage) -> CheckOutcome {
    if !pod.is_web_identity() {
        let name = pod.source_name();
        return CheckOutcome::not_applicable(format!(
            "the source `{name}` does not send a token to STS"
        ));
    }
    match pod.session().await {
        Some(Err(error)) if probe::is_from_different_server(&error) && stage == Stage::Request => {
            different_server(pod, &error).await
        }
        Some(Err(error)) if Stage::from_error(&error) == stage => {
            with_remedy(pod, stage, from_error(&error))
        }
        Some(Err(error)) if Stage::from_error(&error) < stage => {
            CheckOutcome::unsure(clean(&error.to_string()))
        }
        Some(_) => CheckOutcome::holds(fine(stage)),
        None => cancelled(),
    }
}

async fn different_server(pod: &mut Pod, error: &IdentityError) -> CheckOutcome {
    let url = match pod.sts.outcome().await {
        Some(Ok(response)) => clean(&response.answer.url),
        _ => String::new(),
    };
    let said = clean(&error.to_string());
    CheckOutcome::broken(
        Cause::StsUnreachable,
        format!("{said}, and the response is not an STS error: a different server responded"),
    )
    .remedy(format!(
        "run `curl -v {url}` to see which server responds: a proxy (HTTPS_PROXY), a firewall, or the server in \
         AWS_ENDPOINT_URL_STS; if it is STS, wait and try again"
    ))
}

fn fine(stage: Stage) -> &'static str {
    match stage {
        Stage::Request => "STS processed the request",
        Stage::Issuer => "the account has an OIDC provider for the issuer",
        Stage::Audience => "the audience is a client ID of the OIDC provider",
        Stage::Keys => "AWS verified the token",
        Stage::Trust => "the trust policy admits the token",
        Stage::Session => "STS returned credentials",
    }
}

/// Adds a remedy with this workload's names, if there is a specific one.
fn with_remedy(pod: &Pod, stage: Stage, seen: CheckOutcome) -> CheckOutcome {
    match remedy(pod, stage) {
        Some(remedy) => seen.remedy(remedy),
        None => seen,
    }
}

fn remedy(pod: &Pod, stage: Stage) -> Option<Remedy> {
    let role = pod.source.as_ref().ok()?.role_arn()?;
    let claims = &pod.token.as_ref()?.claims;
    let issuer = pod.workload.issuer.as_ref()?;
    let provider = OidcProviderArn::new(role.partition(), role.account(), issuer);
    let audience = clean(claims.audiences().first()?);
    let host = issuer.host_and_path();
    let advice = match stage {
        Stage::Issuer => match unreachable_issuer(issuer) {
            Some(why) => {
                format!("creating an OIDC provider would not help: {why}. {PUBLIC_ISSUER}")
            }
            None => format!(
                "run `aws iam create-open-id-connect-provider --url {issuer} --client-id-list {STS}` in account {}, or \
                 give the workload a role in an account that has the provider",
                role.account()
            ),
        },
        Stage::Audience => {
            return Some(audience_remedy(provider.as_str(), &audience, Some(issuer)));
        }
        Stage::Trust => format!(
            "to get the exact cause and the command that fixes it, run `irsa doctor --from pod,aws --aws-profile NAME` \
             with credentials that can read IAM; otherwise, check: 1. `{role}` is the role meant for `{}`: if it is not, \
             correct the annotation eks.amazonaws.com/role-arn; 2. its trust policy (`aws iam get-role --role-name {} \
             --query Role.AssumeRolePolicyDocument`) contains the statement `{}`; 3. no service or resource control \
             policy denies the call",
            clean(&claims.sub),
            role.name(),
            statement(&provider, host, &clean(&claims.sub), &audience)
        ),
        _ => return None,
    };
    Some(Remedy::from(advice))
}

fn statement(provider: &OidcProviderArn, host: &str, sub: &str, aud: &str) -> String {
    let equals = serde_json::json!({ format!("{host}:sub"): sub, format!("{host}:aud"): aud });
    serde_json::json!({
        "Effect": "Allow",
        "Principal": {"Federated": provider.to_string()},
        "Action": "sts:AssumeRoleWithWebIdentity",
        "Condition": {"StringEquals": equals},
    })
    .to_string()
}
