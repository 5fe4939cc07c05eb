//! The lab's IAM: decides requests with the question engine that `irsa policy` and the doctor use.
//!
//! The lab knows every request in full, so a condition key that is not filled in is absent.

use std::sync::Arc;
use std::time::SystemTime;

use irsa_chain::OidcProviderArn;
use irsa_explain::{Evaluation, Question, RequestContext};
use irsa_policy::{Layer, NearMiss, Outcome, PolicySet, Reason};

use crate::clock::{rfc3339, unix_seconds};
use crate::sessions::{Origin, Session};
use crate::world::{Role, World};

/// Creates a question about a request at `now`. All condition keys that are not filled in are absent.
pub(crate) fn question(
    principal: String,
    (action, resource): (&str, Option<&str>),
    mut context: RequestContext,
    now: SystemTime,
) -> Question {
    context.fill_time(&rfc3339(now), unix_seconds(now));
    context.complete();
    Question {
        principal,
        action: action.to_owned(),
        resource: resource.map(str::to_owned),
        context,
        ..Question::default()
    }
}

/// Creates a question about a request by a session of `role`, with the condition keys that AWS sets for it.
pub(crate) fn session_question(
    session: &Session,
    role: &Role,
    world: &World,
    (action, resource): (&str, &str),
    now: SystemTime,
) -> Question {
    let account = role.arn.account().as_str();
    let provider = federated_provider(session, role, world);
    let mut context = RequestContext::for_session(action, Some(resource), account, provider);
    context.fill("aws:PrincipalArn", [role.arn.as_str()]);
    context.fill("aws:userid", [user_id(session, role)]);
    context.fill("aws:SourceIdentity", session.spec.source_identity.clone());
    if context.supports_principal_tags() {
        for (key, value) in &session.spec.tags {
            context.fill(&format!("aws:PrincipalTag/{key}"), [value.as_str()]);
        }
    }
    let principal = session.principal().to_string();
    question(principal, (action, Some(resource)), context, now)
}

/// The OIDC provider whose token was exchanged for the session, if any.
fn federated_provider<'w>(
    session: &Session,
    role: &Role,
    world: &'w World,
) -> Option<&'w OidcProviderArn> {
    if session.spec.origin != Origin::WebIdentity {
        return None;
    }
    let issuer = world.kubernetes().issuer.as_str();
    let provider = world.oidc_provider(role.arn.account(), issuer);
    provider.map(|provider| &provider.arn)
}

/// Decides a question by these policies.
pub(crate) fn decide(question: &Question, policies: PolicySet<'_>) -> Outcome {
    Evaluation::with_policies(question, policies).outcome
}

/// The policies of a session: those of its role, and those passed with the session.
pub(crate) fn session_policies<'a>(session: &'a Session, role: &'a Role) -> PolicySet<'a> {
    PolicySet {
        identity: role.policies.iter().map(|one| &one.policy).collect(),
        session: session.spec.policies.iter().map(Arc::as_ref).collect(),
        ..PolicySet::default()
    }
}

/// The trust policy of a role.
pub(crate) fn trust_policy(role: &Role) -> PolicySet<'_> {
    PolicySet {
        resource: Some(&role.trust),
        ..PolicySet::default()
    }
}

/// The end of AWS's message about a denied request (IAM User Guide, "Troubleshoot access denied error messages"): `…is
/// not authorized to perform: ACTION` *because no identity-based policy allows the ACTION action*.
pub(crate) fn denial(action: &str, reason: &Reason) -> String {
    match reason {
        Reason::Denies(cited) if cited.layer == Layer::Identity => {
            format!("with an explicit deny in an {}", cited.layer)
        }
        Reason::Denies(cited) => format!("with an explicit deny in a {}", cited.layer),
        Reason::NothingAllows(layer) => {
            format!("because no {layer} allows the {action} action")
        }
        _ => String::new(),
    }
}

/// The mismatches of the statement that is nearest to allowing the request, as a text.
pub(crate) fn nearest_miss(outcome: &Outcome) -> Option<String> {
    let (_, miss) = outcome.near_misses.first()?;
    Some(mismatches(miss))
}

fn mismatches(miss: &NearMiss) -> String {
    let texts: Vec<String> = miss.mismatches.iter().map(ToString::to_string).collect();
    texts.join("; ")
}

/// The unique ID of a session, `AROA…:SESSION`: `aws:userid`, and the `UserId` of `GetCallerIdentity`.
pub(crate) fn user_id(session: &Session, role: &Role) -> String {
    format!("{}:{}", role.id, session.spec.name)
}
