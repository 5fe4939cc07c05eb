//! What a role session may do: its role's policies, asked with the context that IAM would give.

use std::sync::Arc;
use std::time::SystemTime;

use irsa_policy::{Context, Decision, NearMiss, Policy, Principal, Request, Verdict, decide};

use crate::clock::{rfc3339, unix_seconds};
use crate::sessions::Session;
use crate::world::Role;

/// Asks the policies of `role`, whose session this is, and those passed with the session, whether it
/// may do an action on a resource.
pub(crate) fn may(
    session: &Session,
    role: &Role,
    asked: (&str, &str),
    context: &Context,
) -> Verdict {
    let of_role: Vec<&Policy> = role.policies.iter().map(|one| &one.policy).collect();
    let verdict = ask(session, &of_role, asked, context);
    match passed(session, asked, context) {
        Some(passed)
            if verdict.decision != Decision::ExplicitlyDenied
                && passed.decision != Decision::Allowed =>
        {
            passed
        }
        _ => verdict,
    }
}

/// Whether the policies passed with the session, if there are any, allow an action on a resource.
pub(crate) fn session_allows(session: &Session, asked: (&str, &str), context: &Context) -> bool {
    passed(session, asked, context).is_none_or(|verdict| verdict.decision == Decision::Allowed)
}

/// The policies passed with the session.
pub(crate) fn policies_of(session: &Session) -> Vec<&Policy> {
    session.spec.policies.iter().map(Arc::as_ref).collect()
}

fn passed(session: &Session, asked: (&str, &str), context: &Context) -> Option<Verdict> {
    let policies = policies_of(session);
    (!policies.is_empty()).then(|| ask(session, &policies, asked, context))
}

fn ask(
    session: &Session,
    policies: &[&Policy],
    (action, resource): (&str, &str),
    context: &Context,
) -> Verdict {
    let principal = session.principal().to_string();
    let request = Request {
        principal: Principal::Aws(&principal),
        action,
        resource: Some(resource),
        context,
    };
    decide(policies, &request)
}

/// Asks the trust policy of `role` whether `principal` may do `action`, `sts:AssumeRole` say.
pub(crate) fn trust(
    role: &Role,
    principal: Principal<'_>,
    action: &str,
    context: &Context,
) -> Verdict {
    let resource = None;
    decide(
        &[&role.trust],
        &Request {
            principal,
            action,
            resource,
            context,
        },
    )
}

/// The statement that would nearly have allowed, and what kept it from doing so.
pub(crate) fn nearest_miss(verdict: &Verdict) -> Option<String> {
    verdict.near_misses.first().map(kept_by)
}

/// What kept a statement from allowing.
pub(crate) fn kept_by(miss: &NearMiss) -> String {
    let texts: Vec<String> = miss.mismatches.iter().map(ToString::to_string).collect();
    texts.join("; ")
}

/// The global condition keys of a request by a role session (IAM User Guide, "AWS global condition
/// context keys").
pub(crate) fn session_context(session: &Session, role: &Role, now: SystemTime) -> Context {
    let mut context = time_context(now)
        .with("aws:PrincipalArn", role.arn.to_string())
        .with("aws:PrincipalAccount", role.arn.account().to_string())
        .with("aws:PrincipalType", "AssumedRole")
        .with("aws:userid", user_id(session, role));
    context.insert("aws:SourceIdentity", session.spec.source_identity.clone());
    session
        .spec
        .tags
        .iter()
        .fold(context, |context, (key, value)| {
            context.with(format!("aws:PrincipalTag/{key}"), value.clone())
        })
}

/// The condition keys that every request has.
pub(crate) fn time_context(now: SystemTime) -> Context {
    Context::new()
        .with("aws:CurrentTime", rfc3339(now))
        .with("aws:EpochTime", unix_seconds(now).to_string())
        .with("aws:SecureTransport", "true")
}

/// `AROA…:SESSION`: `aws:userid`, and the `UserId` of `GetCallerIdentity`.
pub(crate) fn user_id(session: &Session, role: &Role) -> String {
    format!("{}:{}", role.id, session.spec.name)
}
