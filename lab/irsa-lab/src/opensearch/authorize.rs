//! IAM authorization of a request: the policies of the role, and the domain's access policy.
//!
//! Rules: "Identity and Access Management in Amazon OpenSearch Service" in its guide; IAM User Guide, "Cross-account
//! policy evaluation logic".

use std::borrow::Cow;
use std::net::IpAddr;
use std::time::SystemTime;

use http::Method;
use irsa_chain::{Cause, RoleArn};
use irsa_explain::request_cause;
use irsa_policy::{
    Context, Decision, Layer, Outcome, Policy, PolicySet, Principal, Reason, Request,
};
use percent_encoding::percent_decode_str;

use super::refusal::Refusal;
use crate::iam;
use crate::sessions::Session;
use crate::world::{Domain, World};

/// The caller of an accepted request.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Caller {
    /// A session of this role.
    Role(RoleArn),
    /// An anonymous caller: the domain's access policy allows everyone.
    Anonymous,
}

/// The request that the policies decide about.
#[derive(Debug, Clone, Copy)]
pub(super) struct Call<'a> {
    pub(super) method: &'a Method,
    /// The path, still encoded.
    pub(super) path: &'a str,
    pub(super) source: IpAddr,
    pub(super) now: SystemTime,
}

/// Returns the action, such as `es:ESHttpGet`; `None` for methods that no policy can allow.
pub(super) fn action(method: &Method) -> Option<&'static str> {
    Some(match method.as_str() {
        "GET" => "es:ESHttpGet",
        "HEAD" => "es:ESHttpHead",
        "POST" => "es:ESHttpPost",
        "PUT" => "es:ESHttpPut",
        "DELETE" => "es:ESHttpDelete",
        "PATCH" => "es:ESHttpPatch",
        _ => return None,
    })
}

/// Evaluates all policies.
pub(super) fn authorize(
    session: Option<&Session>,
    call: &Call<'_>,
    domain: &Domain,
    world: &World,
) -> Result<Caller, Refusal> {
    let Some(action) = action(call.method) else {
        let text = format!("{} is not an HTTP method of the domain", call.method);
        return Err(Refusal::unauthorized(&text, Cause::EsHttpNotAllowed));
    };
    let Some(session) = session else {
        let context = with_source(iam::time_context(call.now), call);
        let caller = (action, Principal::Anonymous);
        let asked = ask(PolicySet::default(), domain, call, caller, &context);
        return match asked.decision {
            Decision::Allowed => Ok(Caller::Anonymous),
            _ => Err(refusal(
                "anonymous",
                action,
                &asked.reason,
                Cause::RequestUnsigned,
            )),
        };
    };
    let user = session.principal().to_string();
    let Some(role) = world.role(&session.spec.role) else {
        let because = Reason::NothingAllows(Layer::Identity);
        return Err(refusal(&user, action, &because, Cause::RoleUnknown));
    };
    let policies: Vec<&Policy> = role.policies.iter().map(|one| &one.policy).collect();
    let context = with_source(iam::session_context(session, role, call.now), call);
    let set = PolicySet {
        identity: policies,
        session: iam::policies_of(session),
        ..PolicySet::default()
    };
    let asked = ask(set, domain, call, (action, Principal::Aws(&user)), &context);
    if asked.decision == Decision::Allowed {
        return Ok(Caller::Role(role.arn.clone()));
    }
    let cause = request_cause(&asked, &domain.arn());
    let nearest = asked
        .near_misses
        .first()
        .map(|(_, miss)| iam::kept_by(miss));
    Err(refusal(&user, action, &asked.reason, cause).because(nearest))
}

/// Evaluates the policies in `set`, those of the caller.
fn ask<'a>(
    set: PolicySet<'a>,
    domain: &'a Domain,
    call: &Call<'_>,
    (action, principal): (&str, Principal<'_>),
    context: &Context,
) -> Outcome {
    let path = percent_decode_str(call.path).decode_utf8();
    let path = path.unwrap_or(Cow::Borrowed(call.path));
    let resource = format!("{}{path}", domain.arn());
    let set = PolicySet {
        resource: domain.access_policy.as_ref(),
        ..set
    };
    set.decide(&Request {
        principal,
        action,
        resource: Some(&resource),
        context,
    })
}

/// Returns the refusal with the service's text; `cause` is the one for requests that no policy allows.
fn refusal(user: &str, action: &str, reason: &Reason, cause: Cause) -> Refusal {
    let (tail, cause) = match reason {
        Reason::Denies(cited) if cited.layer == Layer::Identity => (
            format!("with an explicit deny in an {}", cited.layer),
            Cause::EsHttpDenied,
        ),
        Reason::Denies(cited) => (
            format!("with an explicit deny in a {}", cited.layer),
            Cause::EsHttpDenied,
        ),
        Reason::NothingAllows(layer) => (
            format!("because no {layer} allows the {action} action"),
            cause,
        ),
        _ => (String::new(), cause),
    };
    let text = format!("User: {user} is not authorized to perform: {action} {tail}");
    Refusal::unauthorized(&text, cause)
}

fn with_source(context: Context, call: &Call<'_>) -> Context {
    context.with("aws:SourceIp", call.source.to_string())
}
