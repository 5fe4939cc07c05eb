//! The checks of the token's validity period.

use irsa_chain::duration::short_seconds;
use irsa_chain::timestamp::{rfc3339_from_unix, unix_seconds};
use irsa_chain::{Cause, Link};

use super::no_token;
use crate::pod::outcome::ready;
use crate::pod::state::Pod;
use crate::{Check, CheckOutcome, Place, Step};

pub(in crate::pod) const EXPIRY: Step<Pod> = Step::once(
    &Check {
        id: "token-expiry",
        place: Place::Pod,
        link: Link::ProjectedToken,
        question: "Is the token still valid?",
        description: "Compares the claim `exp` with this machine's clock. The kubelet renews the file after 80 % of the \
                   token's lifetime: a token with less than 15 % left is a warning.",
        causes: &[Cause::TokenExpired],
        needs: &["token-form"],
    },
    |pod, _| ready(expiry(pod)),
);

pub(in crate::pod) const NOT_BEFORE: Step<Pod> = Step::once(
    &Check {
        id: "token-not-before",
        place: Place::Pod,
        link: Link::ProjectedToken,
        question: "Is the token valid yet?",
        description: "Compares the claims `nbf` and `iat` with this machine's clock, with a tolerance of one minute.",
        causes: &[Cause::TokenNotYetValid],
        needs: &["token-form"],
    },
    |pod, _| ready(not_before(pod)),
);

pub(in crate::pod) const LIFETIME: Step<Pod> = Step::once(
    &Check {
        id: "token-lifetime",
        place: Place::Pod,
        link: Link::ProjectedToken,
        question: "Does the token have the lifetime of a projected token?",
        description: "Calculates the time from `iat` to `exp`: the API server issues projected tokens for 10 minutes to one \
                   day.",
        causes: &[Cause::TokenLifetimeRefused],
        needs: &["token-form"],
    },
    |pod, _| ready(lifetime(pod)),
);

/// The lifetimes that a projected volume can request, in seconds ("ServiceAccountTokenProjection" in the Kubernetes API
/// reference; the maximum on EKS is a day), with a tolerance for rounding.
const LIFETIMES: std::ops::RangeInclusive<u64> = 600..=86_460;
/// The tolerated difference between the clocks of a cluster, in seconds.
const LEEWAY: u64 = 60;

fn expiry(pod: &Pod) -> CheckOutcome {
    let Some(token) = &pod.token else {
        return no_token(pod);
    };
    let Some(end) = token.claims.exp else {
        return CheckOutcome::not_applicable(
            "the token has no claim `exp`: it is a legacy token from a Secret",
        );
    };
    let now = unix_seconds(pod.now());
    let at = rfc3339_from_unix(end);
    match end.checked_sub(now) {
        None | Some(0) => CheckOutcome::broken(
            Cause::TokenExpired,
            format!(
                "it expired {} ago, at {at}; the time here is {}",
                short_seconds(now - end),
                rfc3339_from_unix(now)
            ),
        ),
        Some(left)
            if token
                .claims
                .lifetime()
                .is_some_and(|lifetime| left < lifetime / 100 * 15) =>
        {
            CheckOutcome::warning(
                Cause::TokenExpired,
                format!(
                    "it expires in {}, at {at}, and should have been renewed by now",
                    short_seconds(left)
                ),
            )
        }
        Some(left) => {
            CheckOutcome::holds(format!("it expires in {}, at {at}", short_seconds(left)))
        }
    }
}

fn not_before(pod: &Pod) -> CheckOutcome {
    let Some(token) = &pod.token else {
        return no_token(pod);
    };
    let Some(begin) = token.claims.nbf.max(token.claims.iat) else {
        return CheckOutcome::not_applicable("the token has neither `nbf` nor `iat`");
    };
    let now = unix_seconds(pod.now());
    if begin > now.saturating_add(LEEWAY) {
        let (at, ahead) = (rfc3339_from_unix(begin), short_seconds(begin - now));
        let seen = format!("it is valid from {at}, which is {ahead} ahead of this machine's clock");
        return CheckOutcome::broken(Cause::TokenNotYetValid, seen);
    }
    CheckOutcome::holds(format!("it was issued at {}", rfc3339_from_unix(begin)))
}

fn lifetime(pod: &Pod) -> CheckOutcome {
    let Some(token) = &pod.token else {
        return no_token(pod);
    };
    match token.claims.lifetime() {
        None => CheckOutcome::not_applicable("the token lacks `iat` or `exp`"),
        Some(lifetime) if LIFETIMES.contains(&lifetime) => {
            CheckOutcome::holds(format!("lifetime {}", short_seconds(lifetime)))
        }
        Some(lifetime) => CheckOutcome::warning(
            Cause::TokenLifetimeRefused,
            format!(
                "its lifetime is {}, which no projected volume can request",
                short_seconds(lifetime)
            ),
        ),
    }
}
