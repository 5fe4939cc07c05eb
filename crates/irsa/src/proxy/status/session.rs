//! The links up to the session, derived from the last exchange of credentials.
//!
//! A successful exchange proves all of them. A rejected one breaks the link that the rejection names, and proves those
//! before it. If STS could not be reached, nothing is known about the links that only STS checks.

use std::time::SystemTime;

use irsa_chain::Link;
use irsa_chain::timestamp::rfc3339;
use irsa_identity::{Identity, IdentityError, IdentityState};
use irsa_ops::status::{LinkState, LinkStatus};

use super::UP_TO_SESSION;
use super::token::TokenFacts;

/// An identity, with the facts needed to describe it.
pub(super) struct Session<'a> {
    pub(super) identity: &'a Identity,
    /// The first source of the identity, before any chained role.
    pub(super) source: &'static str,
    pub(super) token: Option<&'a TokenFacts>,
}

/// The result of the last exchange for one link.
enum Shown<'a> {
    Held,
    Failed(&'a IdentityError),
    /// The exchange did not reach the link, or did not check it.
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

    /// Returns the links that are specific to a chained role.
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

    /// Returns why the link does not apply to the identity source, if so.
    fn without(&self, link: Link) -> Option<String> {
        let is_web_identity = self.source == "web-identity";
        let is_of_a_pod = is_web_identity || self.source == "pod-identity";
        let is_used = match link {
            Link::ServiceAccount | Link::ProjectedToken => is_of_a_pod,
            Link::OidcProvider => is_web_identity,
            Link::TrustPolicy => is_of_a_pod || self.identity.source().name() == "assume-role",
            _ => true,
        };
        (!is_used).then(|| format!("the identity source `{}` does not use it", self.source))
    }

    /// Returns the status of a link that the last exchange did not reach: its status after the previous exchange, or
    /// unknown.
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
            _ => "not reached by the last exchange",
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
                (Some(token), Some(role)) => {
                    format!("{} is configured to use {role}", token.account())
                }
                _ => format!("the pod is configured with an identity ({})", self.source),
            },
            Link::ProjectedToken => self.token.map_or_else(
                || "the token file was read".to_owned(),
                TokenFacts::sentence,
            ),
            Link::OidcProvider => match self.token.and_then(|token| token.issuer.as_deref()) {
                Some(issuer) => format!("IAM trusts the issuer {issuer}"),
                None => "IAM trusts the token's issuer".to_owned(),
            },
            Link::TrustPolicy => match role {
                Some(role) => format!("it allows this identity to assume {role}"),
                None => "it allows this identity to assume the role".to_owned(),
            },
            _ => self.session(state),
        }
    }

    fn session(&self, state: &IdentityState) -> String {
        let Some(end) = state.expires_at() else {
            return "credentials that do not expire".to_owned();
        };
        let end = rfc3339(end);
        match (state, self.identity.renews_at()) {
            (IdentityState::Valid { .. }, Some(at)) => {
                format!(
                    "credentials expire at {end} and are renewed at {}",
                    rfc3339(at)
                )
            }
            _ => format!("credentials expire at {end}"),
        }
    }
}

fn shown(link: Link, state: &IdentityState) -> Shown<'_> {
    let Some(error) = state.error() else {
        return match state {
            // The source is known before the proxy starts.
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
            status.detail = format!(
                "{error}; the previous session is valid until {}",
                rfc3339(*end)
            );
        }
    }
    status
}
