//! The exchange, made once: STS's one answer, read link by link in the order in which STS looks.

use irsa_chain::{AssumedRoleArn, Cause, Link, OidcProviderArn, RoleArn};
use irsa_identity::IdentityError;

use crate::pod::state::{Pod, cut_off, refused};
use crate::pod::text::{clean, moment, quoted, seconds};
use crate::{Check, Place, Seen, Step};

/// Where in STS's order an exchange ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(in crate::pod) enum Stage {
    Request,
    Issuer,
    Audience,
    Keys,
    Trust,
    Session,
}

/// What all that STS says depends on.
const NEEDS: &[&str] = &[
    "role-arn",
    "role-partition",
    "session-name",
    "token-expiry",
    "token-not-before",
    "token-audience",
    "token-subject",
    "token-signature",
    "sts-reachable",
    "clock",
];

pub(in crate::pod) const REQUEST: Step<Pod> = Step::once(
    &Check {
        id: "sts-request",
        place: Place::Pod,
        link: Link::StsSession,
        question: "Does STS look at the request?",
        looks_at: "One AssumeRoleWithWebIdentity, not tried again: whether STS throttles, fails on its own side, is \
                   not active in the region, or refuses a parameter before it looks at the token.",
        causes: &[
            Cause::StsThrottled,
            Cause::StsInternalError,
            Cause::RegionDisabled,
            Cause::StsUnreachable,
            Cause::RoleUnknown,
        ],
        needs: NEEDS,
    },
    |pod, _| Box::pin(stage(pod, Stage::Request)),
);

pub(in crate::pod) const ISSUER: Step<Pod> = Step::once(
    &Check {
        id: "sts-issuer",
        place: Place::Pod,
        link: Link::OidcProvider,
        question: "Does the role's account know the token's issuer?",
        looks_at: "STS's answer to that request: the account of the role needs an OIDC provider for this very `iss`.",
        causes: &[Cause::IssuerUnknown],
        needs: &["sts-request"],
    },
    |pod, _| Box::pin(stage(pod, Stage::Issuer)),
);

pub(in crate::pod) const AUDIENCE: Step<Pod> = Step::once(
    &Check {
        id: "sts-audience",
        place: Place::Pod,
        link: Link::ProjectedToken,
        question: "Does the OIDC provider accept the token's audience?",
        looks_at: "The same answer: the token's `aud` must be among the client IDs of the provider.",
        causes: &[Cause::TokenAudienceWrong],
        needs: &["sts-issuer"],
    },
    |pod, _| Box::pin(stage(pod, Stage::Audience)),
);

pub(in crate::pod) const KEYS: Step<Pod> = Step::once(
    &Check {
        id: "sts-keys",
        place: Place::Pod,
        link: Link::OidcProvider,
        question: "Could AWS verify the token?",
        looks_at: "The same answer: AWS fetches the issuer's keys from outside, by its own roots or the provider's \
                   thumbprint, and verifies signature and time.",
        causes: &[
            Cause::VerificationKeyUnavailable,
            Cause::ThumbprintMismatch,
            Cause::TokenSignatureInvalid,
            Cause::TokenExpired,
        ],
        needs: &["sts-audience"],
    },
    |pod, _| Box::pin(stage(pod, Stage::Keys)),
);

pub(in crate::pod) const TRUST: Step<Pod> = Step::once(
    &Check {
        id: "sts-trust",
        place: Place::Pod,
        link: Link::TrustPolicy,
        question: "Does the role trust this token?",
        looks_at: "The same answer. AWS says `Not authorized` whether the trust policy does not match, the role does \
                   not exist, or an organisation's policy denies: the check from AWS's place tells them apart.",
        causes: &[Cause::TrustDenied],
        needs: &["sts-keys"],
    },
    |pod, _| Box::pin(stage(pod, Stage::Trust)),
);

pub(in crate::pod) const SESSION: Step<Pod> = Step::once(
    &Check {
        id: "session",
        place: Place::Pod,
        link: Link::StsSession,
        question: "Are there credentials?",
        looks_at: "What the source gave, asked once: STS, the Pod Identity agent, the profile or the variables.",
        causes: &[
            Cause::PodIdentityRefused,
            Cause::DurationExceedsMaximum,
            Cause::ChainedRoleDenied,
            Cause::ImdsRefused,
        ],
        needs: &[
            "sts-trust",
            "token-expiry",
            "token-not-before",
            "token-audience",
            "token-subject",
            "clock",
        ],
    },
    |pod, _| Box::pin(session(pod)),
);

pub(in crate::pod) const CALLER: Step<Pod> = Step::once(
    &Check {
        id: "caller",
        place: Place::Pod,
        link: Link::StsSession,
        question: "Does AWS take this process for the role?",
        looks_at: "GetCallerIdentity, which needs no permission, beside the role that was asked for. The ARN of a \
                   session has the role's name, but not its path.",
        causes: &[
            Cause::CallerDiffers,
            Cause::CredentialsUnknown,
            Cause::SessionExpired,
        ],
        needs: &["session"],
    },
    |pod, _| Box::pin(caller(pod)),
);

pub(in crate::pod) const ROLE_CHAIN: Step<Pod> = Step::each(
    &Check {
        id: "role-chain",
        place: Place::Pod,
        link: Link::StsSession,
        question: "Can the data store's own role be assumed from there?",
        looks_at: "AssumeRole for each data store that has a role of its own (`role=`), as in another account.",
        causes: &[Cause::ChainedRoleDenied],
        needs: &["caller"],
    },
    chained,
    |pod, subject| Box::pin(role_chain(pod, subject)),
);

/// Where an exchange ended that ended so.
pub(in crate::pod) fn stage_of(error: &IdentityError) -> Stage {
    match (error.cause(), error.link()) {
        (Some(Cause::IssuerUnknown), _) => Stage::Issuer,
        (Some(Cause::TokenAudienceWrong | Cause::TokenAudienceMissing), _) => Stage::Audience,
        (Some(Cause::TokenMalformed), _) => Stage::Request,
        (_, Link::OidcProvider | Link::ProjectedToken) => Stage::Keys,
        (_, Link::TrustPolicy) if error.cause() == Some(Cause::TrustDenied) => Stage::Trust,
        (Some(Cause::DurationExceedsMaximum | Cause::ChainedRoleDenied), _) => Stage::Session,
        _ => Stage::Request,
    }
}

async fn stage(pod: &mut Pod, stage: Stage) -> Seen {
    if !pod.is_web_identity() {
        let name = pod.source_name();
        return Seen::not_applicable(format!("the source `{name}` hands STS no token"));
    }
    match pod.session().await {
        Some(Err(error)) if stage_of(&error) == stage => because(pod, stage, refused(&error)),
        Some(Err(error)) if stage_of(&error) < stage => Seen::unsure(clean(&error.to_string())),
        Some(_) => Seen::holds(fine(stage)),
        None => cut_off(),
    }
}

fn fine(stage: Stage) -> &'static str {
    match stage {
        Stage::Request => "STS looked at the token",
        Stage::Issuer => "the account has an OIDC provider for it",
        Stage::Audience => "it is among the provider's client IDs",
        Stage::Keys => "AWS verified the token",
        Stage::Trust => "the role let it in",
        Stage::Session => "STS gave credentials",
    }
}

/// The refusal, with the names of this workload in its remedy where that says more.
fn because(pod: &Pod, stage: Stage, seen: Seen) -> Seen {
    match remedy(pod, stage) {
        Some(remedy) => seen.remedy(remedy),
        None => seen,
    }
}

fn remedy(pod: &Pod, stage: Stage) -> Option<String> {
    let role = pod.source.as_ref().ok()?.role_arn()?;
    let claims = &pod.token.as_ref()?.claims;
    let issuer = pod.workload.issuer.as_ref()?;
    let provider = OidcProviderArn::new(role.partition(), role.account(), issuer);
    let audience = clean(claims.audiences().first()?);
    let host = issuer.host_and_path();
    match stage {
        Stage::Issuer => Some(format!(
            "run `aws iam create-open-id-connect-provider --url {issuer} --client-id-list {audience}` in the account {}, \
             or name a role of the account that has it",
            role.account()
        )),
        Stage::Audience => Some(format!(
            "run `aws iam add-client-id-to-open-id-connect-provider --open-id-connect-provider-arn {provider} \
             --client-id {audience}`, or remove the annotation eks.amazonaws.com/audience from the service account and \
             delete the pod"
        )),
        Stage::Trust => Some(format!(
            "let `aws iam get-role --role-name {} --query Role.AssumeRolePolicyDocument` hold {}; if it does, look \
             whether the role exists under this very ARN ({role}), then at service and resource control policies",
            role.name(),
            statement(&provider, host, &clean(&claims.sub), &audience)
        )),
        _ => None,
    }
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

async fn session(pod: &mut Pod) -> Seen {
    match pod.session().await {
        Some(Ok(credentials)) => Seen::holds(match credentials.expires_at() {
            Some(end) => format!("they end at {}", moment(seconds(end))),
            None => "they don't expire".to_owned(),
        }),
        Some(Err(error)) => refused(&error),
        None => cut_off(),
    }
}

async fn caller(pod: &mut Pod) -> Seen {
    let (Some(Ok(credentials)), Ok(inspection)) = (pod.session().await, &pod.inspection) else {
        return cut_off();
    };
    match inspection.caller(&credentials).await {
        Err(error) if error.cause() == Some(Cause::StsUnreachable) && !pod.is_web_identity() => {
            Seen::not_applicable(format!("it can't be asked: {}", clean(&error.to_string())))
        }
        Err(error) => refused(&error),
        Ok(caller) => match expected(pod) {
            Some(role) if !is_session_of(&caller.arn, &role) => Seen::broken(
                Cause::CallerDiffers,
                format!("AWS sees {}, and the role is `{role}`", quoted(&caller.arn)),
            ),
            _ => Seen::holds(quoted(&caller.arn)),
        },
    }
}

/// The role that the identity ends in.
fn expected(pod: &Pod) -> Option<RoleArn> {
    let last = pod.options.identity.role_chain.last();
    let own = pod
        .source
        .as_ref()
        .ok()
        .and_then(|source| source.role_arn());
    let known = pod.options.role.as_ref().or(last.map(|step| &step.role));
    known.or(own).cloned()
}

/// A session's ARN leaves the role's path out.
fn is_session_of(arn: &str, role: &RoleArn) -> bool {
    arn.parse::<AssumedRoleArn>().is_ok_and(|session| {
        (session.account(), session.role_name()) == (role.account(), role.name())
    })
}

/// The data stores with a role of their own.
fn chained(pod: &Pod) -> Vec<String> {
    let steps = pod.role_steps().filter(|(_, step)| step.is_some());
    steps.map(|(label, _)| label).collect()
}

async fn role_chain(pod: &mut Pod, subject: &str) -> Seen {
    let step = pod.role_steps().find(|(label, _)| label == subject);
    let Some(step) = step.and_then(|(_, step)| step.clone()) else {
        return cut_off();
    };
    let (Some(Ok(credentials)), Ok(inspection)) = (pod.session().await, &pod.inspection) else {
        return cut_off();
    };
    match inspection.assume(&credentials, &step).await {
        Ok(session) => {
            pod.chained.insert(subject.to_owned(), session);
            Seen::holds(format!("`{}`", step.role))
        }
        Err(error) => refused(&error),
    }
}
