//! The links up to the session, by what the last exchange showed.
//!
//! An exchange that succeeds proves all of them. One that is refused breaks the link that the refusal names and shows
//! that those before it held; where STS could not be asked, it shows nothing of what only STS judges.

use std::time::SystemTime;

use irsa_chain::Link;
use irsa_identity::{Identity, IdentityError, IdentityState};
use irsa_ops::status::{LinkState, LinkStatus, rfc3339};

use super::UP_TO_SESSION;
use super::token::TokenFacts;

/// An identity and what is known around it.
pub(super) struct Session<'a> {
    pub(super) identity: &'a Identity,
    /// The source at the root of the identity.
    pub(super) source: &'static str,
    pub(super) token: Option<&'a TokenFacts>,
}

/// What the last exchange says of a link.
enum Shown<'a> {
    Held,
    Failed(&'a IdentityError),
    /// It was not come to, or not judged.
    Nothing,
}

// === impl Session ===

impl Session<'_> {
    pub(super) fn links(&self) -> Vec<LinkStatus> {
        let state = self.identity.state();
        UP_TO_SESSION
            .iter()
            .map(|link| self.status(*link, &state))
            .collect()
    }

    /// The links that a role has for itself which is assumed from another one.
    pub(super) fn links_of_a_chained_role(&self) -> Vec<LinkStatus> {
        let state = self.identity.state();
        [Link::TrustPolicy, Link::StsSession]
            .map(|link| self.status(link, &state))
            .into()
    }

    fn status(&self, link: Link, state: &IdentityState) -> LinkStatus {
        if let Some(why) = self.without(link) {
            return LinkStatus::not_applicable(link, why);
        }
        let last_success = self.identity.counters().last_success;
        match shown(link, state) {
            Shown::Held => LinkStatus::ok(link, self.detail(link, state)).held_at(last_success),
            Shown::Failed(error) => failed(link, error, state).held_at(last_success),
            Shown::Nothing => self.unproven(link, state, last_success),
        }
    }

    /// Why a link is of no concern to this source.
    fn without(&self, link: Link) -> Option<String> {
        let is_web_identity = self.source == "web-identity";
        let is_of_a_pod = is_web_identity || self.source == "pod-identity";
        let is_used = match link {
            Link::ServiceAccount | Link::ProjectedToken => is_of_a_pod,
            Link::OidcProvider => is_web_identity,
            Link::TrustPolicy => is_of_a_pod || self.identity.source().name() == "assume-role",
            _ => true,
        };
        (!is_used).then(|| format!("the identity source `{}` does without it", self.source))
    }

    /// What the last exchange did not come to: known from the one before, or not yet.
    fn unproven(
        &self,
        link: Link,
        state: &IdentityState,
        last_success: Option<SystemTime>,
    ) -> LinkStatus {
        let is_served = matches!(state, IdentityState::Stale { .. });
        let is_judged_by_sts = matches!(link, Link::OidcProvider | Link::TrustPolicy);
        let held = last_success.is_some() && (is_served || is_judged_by_sts);
        if held {
            return LinkStatus::ok(link, self.detail(link, state)).held_at(last_success);
        }
        let detail = match state {
            IdentityState::Waiting => "waiting for the first exchange",
            _ => "not reached at the last exchange",
        };
        LinkStatus {
            detail: detail.to_owned(),
            ..LinkStatus::unknown(link).held_at(last_success)
        }
    }

    fn detail(&self, link: Link, state: &IdentityState) -> String {
        let role = self.identity.source().role_arn();
        match link {
            Link::ServiceAccount => match (self.token, role) {
                (Some(token), Some(role)) => format!("{} was given {role}", token.account()),
                _ => format!("the pod was given an identity ({})", self.source),
            },
            Link::ProjectedToken => self.token.map_or_else(
                || "the token's file was read".to_owned(),
                TokenFacts::sentence,
            ),
            Link::OidcProvider => match self.token.and_then(|token| token.issuer.as_deref()) {
                Some(issuer) => format!("AWS knows the issuer {issuer}"),
                None => "AWS knows the token's issuer".to_owned(),
            },
            Link::TrustPolicy => match role {
                Some(role) => format!("it lets this identity assume {role}"),
                None => "it lets this identity assume the role".to_owned(),
            },
            _ => self.session(state),
        }
    }

    fn session(&self, state: &IdentityState) -> String {
        let Some(end) = state.expires_at() else {
            return "credentials without an end".to_owned();
        };
        let end = rfc3339(end);
        match (state, self.identity.renews_at()) {
            (IdentityState::Valid { .. }, Some(at)) => {
                format!("credentials until {end}, to be renewed at {}", rfc3339(at))
            }
            _ => format!("credentials until {end}"),
        }
    }
}

fn shown(link: Link, state: &IdentityState) -> Shown<'_> {
    let Some(error) = state.error() else {
        return match state {
            // The source was decided before anything started.
            IdentityState::Waiting if link > Link::ServiceAccount => Shown::Nothing,
            _ => Shown::Held,
        };
    };
    let failed = error.link();
    let is_judged_by_sts = matches!(link, Link::OidcProvider | Link::TrustPolicy);
    match link.cmp(&failed) {
        std::cmp::Ordering::Equal => Shown::Failed(error),
        std::cmp::Ordering::Greater => Shown::Nothing,
        std::cmp::Ordering::Less if failed == Link::StsSession && is_judged_by_sts => {
            Shown::Nothing
        }
        std::cmp::Ordering::Less => Shown::Held,
    }
}

fn failed(link: Link, error: &IdentityError, state: &IdentityState) -> LinkStatus {
    let mut status = LinkStatus::broken(link, error.to_string(), error.cause());
    status.remedy = Some(error.remedy());
    if let IdentityState::Stale { expires_at, .. } = state {
        status.state = LinkState::Degraded;
        if let Some(end) = expires_at {
            status.detail = format!("{error}; the session before lasts until {}", rfc3339(*end));
        }
    }
    status
}
