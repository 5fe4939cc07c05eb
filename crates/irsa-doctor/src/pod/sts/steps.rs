//! What STS's answers have right and wrong.

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

/// The checks that every answer of STS depends on.
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
        question: "Does STS look at the request?",
        description: "One AssumeRoleWithWebIdentity, not tried again: whether STS throttles, fails on its own side, is \
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
        description: "STS's answer to AssumeRoleWithWebIdentity: the account of the role needs an OIDC provider for this very `iss`.",
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
        description: "STS's answer to AssumeRoleWithWebIdentity: the token's `aud` must be among the client IDs of the provider.",
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
        description: "STS's answer to AssumeRoleWithWebIdentity: AWS fetches the issuer's keys from outside, by its own roots or \
                   the provider's thumbprint, and verifies signature and time.",
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
        description: "STS's answer to AssumeRoleWithWebIdentity. It says `Not authorized` whether the trust policy does not \
                   match, the role does not exist, or a policy of the organization denies.",
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
        description: "What the source gave, asked once: STS, the Pod Identity agent, the profile or the variables.",
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
        question: "Does AWS see this process as the role?",
        description: "GetCallerIdentity, which needs no permission, beside the role that was asked for. The ARN of a \
                   session has the role's name, but not its path.",
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
        question: "Can the data store's own role be assumed from there?",
        description: "AssumeRole for each data store that has a role of its own (`role=`), as in another account.",
        causes: &[Cause::ChainedRoleDenied],
        needs: &["caller"],
    },
    chained,
    |pod, subject| Box::pin(role_chain(pod, subject)),
);
