//! The checks of the token's issuer.
//!
//! AWS reads the issuer's documents from the internet. If they cannot be read from here, the response of STS decides.

use std::time::Duration;

use irsa_chain::{Cause, Link};

use super::probe::{Issuer, Keys};
use super::signature::{self, Signature};
use crate::pod::outcome::cancelled;
use crate::pod::state::Pod;
use crate::pod::sts::probe::Stage;
use crate::pod::text::{clean, quoted};
use crate::{Check, CheckOutcome, Place, Step};

/// The time limit for an issuer that does not respond, followed by the exchange at STS that decides instead.
const DISCOVERY_AND_EXCHANGE: Duration = Duration::from_secs(10);

pub(in crate::pod) const DISCOVERY: Step<Pod> = Step {
    deadline: DISCOVERY_AND_EXCHANGE,
    ..Step::once(
        &Check {
            id: "issuer-discovery",
            place: Place::Pod,
            link: Link::OidcProvider,
            question: "Does the issuer's discovery document match the token?",
            description: "Reads `/.well-known/openid-configuration` of the token's `iss` over verified TLS: its `issuer` must \
                   be identical, byte for byte. AWS reads it from the internet; if it cannot be read from here, the \
                   response of STS decides.",
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
        question: "Does the issuer publish the key that signed the token?",
        description: "Reads the key set at the `jwks_uri` in the discovery document, and looks for the `kid` in the token's \
                   header.",
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
        description: "Verifies the token's signature with the published key.",
        causes: &[Cause::TokenSignatureInvalid],
        needs: &["issuer-keys"],
    },
    |pod, _| Box::pin(token_signature(pod)),
);

async fn discovery(pod: &mut Pod) -> CheckOutcome {
    let Some(issuer) = issuer(pod).await else {
        return not_read(pod);
    };
    match issuer {
        Issuer::InvalidUrl => CheckOutcome::broken(
            Cause::IssuerUnknown,
            "the token's `iss` is not an https URL, so no OIDC provider can match it",
        ),
        Issuer::Unavailable(why) => decided_by_sts(pod, &why).await,
        Issuer::Different(issuer) => {
            let own = pod.token.as_ref().map_or("", |token| &token.claims.iss);
            let seen = format!(
                "the document's `issuer` is {}, but the token's `iss` is {}",
                quoted(&issuer),
                quoted(own)
            );
            CheckOutcome::broken(Cause::IssuerMismatch, seen)
        }
        Issuer::Same(_) => CheckOutcome::holds("the document's `issuer` is the token's `iss`"),
    }
}

async fn keys(pod: &mut Pod) -> CheckOutcome {
    let keys = match issuer(pod).await {
        Some(Issuer::Same(keys)) => keys,
        Some(_) => {
            return CheckOutcome::not_applicable("the issuer's documents cannot be read from here");
        }
        None => return not_read(pod),
    };
    let kid = pod
        .token
        .as_ref()
        .and_then(|token| token.header.kid.clone());
    match (keys, kid) {
        (Keys::Unavailable(why), _) => decided_by_sts(pod, &why).await,
        (Keys::Published(keys), Some(kid)) if keys.iter().any(|key| key.kid() == Some(&kid)) => {
            CheckOutcome::holds(format!(
                "{} is among its published keys ({})",
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
                "the token names key {}, but the published keys are {}",
                quoted(&kid),
                clean(&ids.join(", "))
            );
            CheckOutcome::broken(Cause::SigningKeyMissing, seen)
        }
        (Keys::Published(_), None) => CheckOutcome::broken(
            Cause::SigningKeyMissing,
            "the token's header does not name a key (`kid`)",
        ),
    }
}

async fn token_signature(pod: &mut Pod) -> CheckOutcome {
    let Some(Issuer::Same(Keys::Published(keys))) = issuer(pod).await else {
        return CheckOutcome::not_applicable("the issuer's keys are unavailable from here");
    };
    let Some(token) = &pod.token else {
        return not_read(pod);
    };
    let algorithm = quoted(&token.header.alg);
    match signature::verify(token, &keys) {
        Signature::Valid => CheckOutcome::holds(format!("the {algorithm} signature is valid")),
        Signature::Invalid => {
            let key = quoted(token.header.kid.as_deref().unwrap_or_default());
            let seen = format!("the {algorithm} signature does not verify with key {key}");
            CheckOutcome::broken(Cause::TokenSignatureInvalid, seen)
        }
        Signature::NotVerifiable => {
            let why = format!(
                "the key cannot be used with {algorithm}; STS accepts RS256, RS384, RS512, ES256, ES384 and ES512"
            );
            decided_by_sts(pod, &why).await
        }
    }
}

async fn issuer(pod: &mut Pod) -> Option<Issuer> {
    pod.issuer.as_mut()?.outcome().await.cloned()
}

fn not_read(pod: &Pod) -> CheckOutcome {
    match pod.issuer {
        Some(_) => cancelled(),
        None => CheckOutcome::not_applicable(format!(
            "the source `{}` does not use an OIDC provider",
            pod.source_name()
        )),
    }
}

/// The outcome if the issuer's documents cannot be read from here: whether AWS can read them is what counts.
async fn decided_by_sts(pod: &mut Pod, why: &str) -> CheckOutcome {
    let why = clean(why);
    if let Some(Err(_)) = pod.sts.outcome().await {
        return CheckOutcome::unsure(format!(
            "{why}; AWS may still reach the issuer, but STS is unreachable from here, so this is unknown"
        ));
    }
    match pod.session().await {
        Some(Err(error)) if error.cause() == Some(Cause::VerificationKeyUnavailable) => {
            CheckOutcome::broken(
                Cause::VerificationKeyUnavailable,
                format!("{why}; STS could not fetch the keys either"),
            )
        }
        // `sts-request` reports that break.
        Some(Err(error)) if Stage::from_error(&error) == Stage::Request => {
            CheckOutcome::not_applicable(format!(
                "the issuer is unreachable from here ({why}), and STS rejected the request before it read the issuer's keys"
            ))
        }
        Some(_) => CheckOutcome::not_applicable(format!(
            "the issuer is unreachable from here ({why}), but AWS uses the internet, and STS reported no problem reaching it"
        )),
        None => cancelled(),
    }
}
