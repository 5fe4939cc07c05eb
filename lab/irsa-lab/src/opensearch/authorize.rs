//! IAM authorization of a request: the policies of the role, and the domain's access policy.
//!
//! Rules: "Identity and Access Management in Amazon OpenSearch Service" in its guide; IAM User Guide, "Cross-account
//! policy evaluation logic".

use std::borrow::Cow;
use std::net::IpAddr;
use std::time::SystemTime;

use http::Method;
use irsa_chain::{Cause, RoleArn};
use irsa_explain::{Question, RequestContext, request_cause};
use irsa_policy::{Decision, Layer, Outcome, PolicySet, Reason};
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
    let resource = resource(call, domain);
    let Some(session) = session else {
        let (access, caller) = ((action, Some(resource.as_str())), "anonymous");
        let context = RequestContext::for_request(caller, action, access.1);
        let question = iam::question(caller.to_owned(), access, context, call.now);
        let outcome = decide(question, call, domain, PolicySet::default());
        return match outcome.decision {
            Decision::Allowed => Ok(Caller::Anonymous),
            _ => Err(refusal(
                caller,
                action,
                &outcome.reason,
                Cause::RequestUnsigned,
            )),
        };
    };
    let user = session.principal().to_string();
    let Some(role) = world.role(&session.spec.role) else {
        let because = Reason::NothingAllows(Layer::Identity);
        return Err(refusal(&user, action, &because, Cause::RoleUnknown));
    };
    let question = iam::session_question(session, role, world, (action, &resource), call.now);
    let outcome = decide(question, call, domain, iam::session_policies(session, role));
    if outcome.decision == Decision::Allowed {
        return Ok(Caller::Role(role.arn.clone()));
    }
    let cause = request_cause(&outcome, &domain.arn());
    let nearest = iam::nearest_miss(&outcome);
    Err(refusal(&user, action, &outcome.reason, cause).because(nearest))
}

/// Decides a question by the policies of the caller and the domain's access policy.
fn decide(
    mut question: Question,
    call: &Call<'_>,
    domain: &Domain,
    caller: PolicySet<'_>,
) -> Outcome {
    question
        .context
        .fill("aws:SourceIp", [call.source.to_string()]);
    let policies = PolicySet {
        resource: domain.access_policy.as_ref(),
        ..caller
    };
    iam::decide(&question, policies)
}

/// The ARN of the domain with the decoded path of the request.
fn resource(call: &Call<'_>, domain: &Domain) -> String {
    let path = percent_decode_str(call.path).decode_utf8();
    let path = path.unwrap_or(Cow::Borrowed(call.path));
    format!("{}{path}", domain.arn())
}

/// Returns the refusal with the service's text; `cause` is the one for requests that no policy allows.
fn refusal(user: &str, action: &str, reason: &Reason, cause: Cause) -> Refusal {
    let cause = match reason {
        Reason::Denies(_) => Cause::EsHttpDenied,
        _ => cause,
    };
    let tail = iam::denial(action, reason);
    let text = format!("User: {user} is not authorized to perform: {action} {tail}");
    Refusal::unauthorized(&text, cause)
}
