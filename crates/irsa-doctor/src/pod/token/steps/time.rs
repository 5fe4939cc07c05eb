//! When the token is good.

use irsa_chain::{Cause, Link};

use super::no_token;
use crate::pod::outcome::ready;
use crate::pod::state::Pod;
use crate::pod::text::{moment, seconds, span};
use crate::{Check, CheckOutcome, Place, Step};

pub(in crate::pod) const EXPIRY: Step<Pod> = Step::once(
    &Check {
        id: "token-expiry",
        place: Place::Pod,
        link: Link::ProjectedToken,
        question: "Is the token still good?",
        description: "The claim `exp` beside this machine's clock. The kubelet renews the file at 80 % of the token's \
                   life: a token with less than 15 % left is a warning.",
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
        question: "Is the token good already?",
        description: "The claims `nbf` and `iat` beside this machine's clock, a minute of difference aside.",
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
        question: "Has it the life of a projected token?",
        description: "The span from `iat` to `exp`: 10 minutes to a day, which the API server gives for projected tokens.",
        causes: &[Cause::TokenLifetimeRefused],
        needs: &["token-form"],
    },
    |pod, _| ready(lifetime(pod)),
);

/// The lives that a projected volume may ask for, in seconds ("ServiceAccountTokenProjection" in the Kubernetes API
/// reference; EKS cuts at a day), and a little more for rounding.
const LIVES: std::ops::RangeInclusive<u64> = 600..=86_460;
/// The tolerated difference between the clocks of a cluster, in seconds.
const LEEWAY: u64 = 60;

fn expiry(pod: &Pod) -> CheckOutcome {
    let Some(token) = &pod.token else {
        return no_token(pod);
    };
    let Some(end) = token.claims.exp else {
        return CheckOutcome::not_applicable("it has no claim `exp`: a legacy token from a Secret");
    };
    let now = seconds(pod.now());
    let at = moment(end);
    match end.checked_sub(now) {
        None | Some(0) => CheckOutcome::broken(
            Cause::TokenExpired,
            format!(
                "it expired {} ago, at {at}; it is {} here",
                span(now - end),
                moment(now)
            ),
        ),
        Some(left)
            if token
                .claims
                .life()
                .is_some_and(|life| left < life / 100 * 15) =>
        {
            CheckOutcome::warning(
                Cause::TokenExpired,
                format!(
                    "it ends in {}, at {at}, and should have been renewed",
                    span(left)
                ),
            )
        }
        Some(left) => CheckOutcome::holds(format!("it ends in {}, at {at}", span(left))),
    }
}

fn not_before(pod: &Pod) -> CheckOutcome {
    let Some(token) = &pod.token else {
        return no_token(pod);
    };
    let Some(begin) = token.claims.nbf.max(token.claims.iat) else {
        return CheckOutcome::not_applicable("it has neither `nbf` nor `iat`");
    };
    let now = seconds(pod.now());
    if begin > now.saturating_add(LEEWAY) {
        let (at, ahead) = (moment(begin), span(begin - now));
        let seen = format!("it is good from {at} only, {ahead} from now by this machine's clock");
        return CheckOutcome::broken(Cause::TokenNotYetValid, seen);
    }
    CheckOutcome::holds(format!("it was issued at {}", moment(begin)))
}

fn lifetime(pod: &Pod) -> CheckOutcome {
    let Some(token) = &pod.token else {
        return no_token(pod);
    };
    match token.claims.life() {
        None => CheckOutcome::not_applicable("it lacks `iat` or `exp`"),
        Some(life) if LIVES.contains(&life) => {
            CheckOutcome::holds(format!("it lives {}", span(life)))
        }
        Some(life) => CheckOutcome::warning(
            Cause::TokenLifetimeRefused,
            format!(
                "it lives {}, which no projected volume asks for",
                span(life)
            ),
        ),
    }
}
