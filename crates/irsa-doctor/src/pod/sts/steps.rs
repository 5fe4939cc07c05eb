//! The checks of STS.

mod answer;
mod caller;
mod exchange;

use irsa_chain::{Cause, Link};

use self::caller::{caller, chained, role_chain, session};
use self::exchange::stage;
use super::probe::Stage;
use crate::pod::state::Pod;
use crate::{Check, Place, Step};

pub(in crate::pod) use self::answer::{CLOCK, REACHABLE};

/// The checks that every response of STS depends on.
const NEEDS: &[&str] = &[
    "role-arn",
    "region-partition",
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
        question: "Does STS process the request?",
        description: "Calls AssumeRoleWithWebIdentity once, without retries: STS may throttle the request, fail internally, \
                   be inactive in the region, or reject a parameter before it verifies the token.",
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
        question: "Does the role's account have an OIDC provider for the issuer?",
        description: "Evaluates the response to AssumeRoleWithWebIdentity: the role's account needs an OIDC provider for \
                   exactly this `iss`.",
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
        description: "Evaluates the response to AssumeRoleWithWebIdentity: the token's `aud` must be a client ID of the OIDC \
                   provider.",
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
        description: "Evaluates the response to AssumeRoleWithWebIdentity: AWS fetches the issuer's keys from the internet, \
                   from a server whose CA it trusts or whose thumbprint the OIDC provider has, and verifies the token's \
                   signature and times.",
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
        question: "Does the role's trust policy admit this token?",
        description: "Evaluates the response to AssumeRoleWithWebIdentity. STS returns `Not authorized` if the trust policy \
                   does not match, if the role does not exist, and if a policy of the organization denies the call.",
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
        question: "Does the source return credentials?",
        description: "Requests credentials once from the source: STS, the Pod Identity agent, the profile or the variables.",
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
        question: "Do the credentials belong to the expected role?",
        description: "Compares the response to GetCallerIdentity, which needs no permission, with the requested role. The \
                   ARN of a session contains the role's name, but not its path.",
        causes: &[
            Cause::CallerDiffers,
            Cause::CredentialsUnknown,
            Cause::SessionExpired,
            Cause::SignedForAnotherRegion,
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
        question: "Can the data store's role be assumed?",
        description: "Calls AssumeRole for each data store that has its own role (`role=`), for example in a different \
                   account.",
        causes: &[Cause::ChainedRoleDenied],
        needs: &["caller"],
    },
    chained,
    |pod, subject| Box::pin(role_chain(pod, subject)),
);
