//! What the token's issuer has right and wrong.
//!
//! AWS asks the issuer from outside: if it cannot be asked from here, STS's answer decides.

use std::time::Duration;

use irsa_chain::{Cause, Link};

use super::probe::{Found, Keys};
use super::signature::{self, Signature};
use crate::pod::outcome::cancelled;
use crate::pod::state::Pod;
use crate::pod::sts::probe::Stage;
use crate::pod::text::{clean, quoted};
use crate::{Check, CheckOutcome, Place, Step};

/// The issuer's silence, and the exchange that decides about it.
const LONG: Duration = Duration::from_secs(10);

pub(in crate::pod) const DISCOVERY: Step<Pod> = Step {
    deadline: LONG,
    ..Step::once(
        &Check {
            id: "issuer-discovery",
            place: Place::Pod,
            link: Link::OidcProvider,
            question: "Does the token's issuer say who it is?",
            description: "`/.well-known/openid-configuration` of the token's `iss`, over verified TLS: its `issuer` must be the \
                   same, byte for byte. AWS asks from outside; where the issuer can't be asked from here, STS's answer \
                   decides.",
            causes: &[
                Cause::IssuerMismatch,
                Cause::IssuerUnknown,
                Cause::VerificationKeyUnavailable,
            ],
            needs: &["token-form"],
        },
        |pod, _| Box::pin(discovery(pod)),
    )
};

pub(in crate::pod) const KEYS: Step<Pod> = Step::once(
    &Check {
        id: "issuer-keys",
        place: Place::Pod,
        link: Link::OidcProvider,
        question: "Does it publish the key that signed the token?",
        description: "The key set at the `jwks_uri` of the discovery document, and in it the `kid` of the token's header.",
        causes: &[Cause::SigningKeyMissing, Cause::VerificationKeyUnavailable],
        needs: &["issuer-discovery"],
    },
    |pod, _| Box::pin(keys(pod)),
);

pub(in crate::pod) const SIGNATURE: Step<Pod> = Step::once(
    &Check {
        id: "token-signature",
        place: Place::Pod,
        link: Link::OidcProvider,
        question: "Did that key sign the token?",
        description: "The token's signature, verified here with the published key.",
        causes: &[Cause::TokenSignatureInvalid],
        needs: &["issuer-keys"],
    },
    |pod, _| Box::pin(token_signature(pod)),
);

async fn discovery(pod: &mut Pod) -> CheckOutcome {
    let Some(found) = found(pod).await else {
        return not_asked(pod);
    };
    match found {
        Found::NoUrl => CheckOutcome::broken(
            Cause::IssuerUnknown,
            "its `iss` is not an https URL, so no OIDC provider can match it",
        ),
        Found::Silent(why) => decided_by_sts(pod, &why).await,
        Found::Another(issuer) => {
            let own = pod.token.as_ref().map_or("", |token| &token.claims.iss);
            let seen = format!(
                "it calls itself {}, the token's `iss` is {}",
                quoted(&issuer),
                quoted(own)
            );
            CheckOutcome::broken(Cause::IssuerMismatch, seen)
        }
        Found::Same(_) => CheckOutcome::holds("its `issuer` is the token's `iss`, byte for byte"),
    }
}

async fn keys(pod: &mut Pod) -> CheckOutcome {
    let keys = match found(pod).await {
        Some(Found::Same(keys)) => keys,
        Some(_) => return CheckOutcome::not_applicable("the issuer could not be asked from here"),
        None => return not_asked(pod),
    };
    let kid = pod
        .token
        .as_ref()
        .and_then(|token| token.header.kid.clone());
    match (keys, kid) {
        (Keys::Silent(why), _) => decided_by_sts(pod, &why).await,
        (Keys::Published(keys), Some(kid)) if keys.iter().any(|key| key.kid() == Some(&kid)) => {
            CheckOutcome::holds(format!(
                "{} is one of the {} that it publishes",
                quoted(&kid),
                keys.len()
            ))
        }
        (Keys::Published(keys), Some(kid)) => {
            let ids: Vec<_> = keys
                .iter()
                .filter_map(|key| key.kid())
                .map(quoted)
                .collect();
            let seen = format!(
                "the token names {}, published are {}",
                quoted(&kid),
                clean(&ids.join(", "))
            );
            CheckOutcome::broken(Cause::SigningKeyMissing, seen)
        }
        (Keys::Published(_), None) => CheckOutcome::broken(
            Cause::SigningKeyMissing,
            "the token's header names no key (`kid`)",
        ),
    }
}

async fn token_signature(pod: &mut Pod) -> CheckOutcome {
    let Some(Found::Same(Keys::Published(keys))) = found(pod).await else {
        return CheckOutcome::not_applicable("the issuer's keys are unavailable from here");
    };
    let Some(token) = &pod.token else {
        return not_asked(pod);
    };
    let algorithm = quoted(&token.header.alg);
    match signature::verify(token, &keys) {
        Signature::Valid => CheckOutcome::holds(format!("it verifies by {algorithm}")),
        Signature::Invalid => {
            let key = quoted(token.header.kid.as_deref().unwrap_or_default());
            let seen = format!("it does not verify by {algorithm} with the key {key}");
            CheckOutcome::broken(Cause::TokenSignatureInvalid, seen)
        }
        Signature::NotVerifiable => {
            let why = format!(
                "its key cannot be used for {algorithm}; STS accepts RS256, RS384, RS512, ES256, ES384 and ES512"
            );
            decided_by_sts(pod, &why).await
        }
    }
}

async fn found(pod: &mut Pod) -> Option<Found> {
    pod.issuer.as_mut()?.outcome().await.cloned()
}

fn not_asked(pod: &Pod) -> CheckOutcome {
    match pod.issuer {
        Some(_) => cancelled(),
        None => CheckOutcome::not_applicable(format!(
            "the source `{}` has nothing to do with an OIDC provider",
            pod.source_name()
        )),
    }
}

/// The issuer gave nothing usable to us: what counts is what it gives AWS.
async fn decided_by_sts(pod: &mut Pod, why: &str) -> CheckOutcome {
    let why = clean(why);
    if let Some(Err(_)) = pod.sts.outcome().await {
        return CheckOutcome::unsure(format!(
            "{why}; AWS asks from outside, and STS could not be asked about it"
        ));
    }
    match pod.session().await {
        Some(Err(error)) if error.cause() == Some(Cause::VerificationKeyUnavailable) => {
            CheckOutcome::broken(
                Cause::VerificationKeyUnavailable,
                format!("{why}; and STS could not get the keys either"),
            )
        }
        // Then that is the break, and `sts-request` has it.
        Some(Err(error)) if Stage::from_error(&error) == Stage::Request => {
            CheckOutcome::not_applicable(format!(
                "the issuer cannot be reached from here ({why}), and STS rejected the request before it looked at the issuer"
            ))
        }
        Some(_) => CheckOutcome::not_applicable(format!(
            "the issuer cannot be reached from here ({why}), which is fine: AWS reaches it from outside, and STS has answered"
        )),
        None => cancelled(),
    }
}
