//! Whether IAM lets the request through: the policies of the role, and the domain's access policy.
//!
//! Rules: "Identity and Access Management in Amazon OpenSearch Service" in its guide; IAM User Guide,
//! "Cross-account policy evaluation logic".

use std::borrow::Cow;
use std::net::IpAddr;
use std::time::SystemTime;

use http::Method;
use irsa_chain::{Cause, RoleArn};
use irsa_policy::{Context, Decision, Mismatch, Policy, Principal, Request, Verdict, decide};
use percent_encoding::percent_decode_str;

use super::refusal::Refusal;
use crate::iam;
use crate::sessions::Session;
use crate::world::{Domain, Role, World};

/// Who may go on to OpenSearch.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Caller {
    /// A session of this role.
    Role(RoleArn),
    /// Nobody in particular: the domain's access policy lets everybody in.
    Anonymous,
}

/// What is asked of the policies.
#[derive(Debug, Clone, Copy)]
pub(super) struct Call<'a> {
    pub(super) method: &'a Method,
    /// Still encoded.
    pub(super) path: &'a str,
    pub(super) source: IpAddr,
    pub(super) now: SystemTime,
}

/// The kind of policy that a refusal speaks of.
#[derive(Debug, Clone, Copy)]
enum Kind {
    Identity,
    Resource,
}

/// `es:ESHttpGet`; `None` for methods that no policy can allow.
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

/// Asks all policies. Within an account one that allows is enough, across accounts both sides must;
/// a denial wins.
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
    let path = percent_decode_str(call.path).decode_utf8();
    let path = path.unwrap_or(Cow::Borrowed(call.path));
    let resource = format!("{}{path}", domain.arn());
    let question = Question {
        action,
        resource: &resource,
        domain,
    };
    match session {
        Some(session) => question.of_session(session, call, world),
        None => question.of_nobody(call),
    }
}

struct Question<'a> {
    action: &'static str,
    resource: &'a str,
    domain: &'a Domain,
}

impl Question<'_> {
    fn of_session(
        &self,
        session: &Session,
        call: &Call<'_>,
        world: &World,
    ) -> Result<Caller, Refusal> {
        let user = session.principal().to_string();
        let Some(role) = world.role(&session.spec.role) else {
            return Err(self.not_allowed(&user, Kind::Identity, Cause::RoleUnknown));
        };
        let principal = Principal::Aws(&user);
        let context = with_source(iam::session_context(session, role, call.now), call);
        let identity = self.ask(&policies(role), principal, &context);
        let resource = self.ask_domain(principal, &context);
        for (verdict, kind) in [(&identity, Kind::Identity), (&resource, Kind::Resource)] {
            if verdict.decision == Decision::ExplicitlyDenied {
                return Err(self.denied(&user, kind));
            }
        }
        let allowed = [&identity, &resource].map(|verdict| verdict.decision == Decision::Allowed);
        let (allowed, kind) = match allowed {
            either if *role.arn.account() == self.domain.account => {
                (either.contains(&true), Kind::Identity)
            }
            [true, allowed] => (allowed, Kind::Resource),
            [false, _] => (false, Kind::Identity),
        };
        if allowed {
            return Ok(Caller::Role(role.arn.clone()));
        }
        let verdict = match kind {
            Kind::Identity => identity,
            Kind::Resource => resource,
        };
        let cause = not_allowed_cause(&verdict, &self.domain.arn());
        Err(self
            .not_allowed(&user, kind, cause)
            .because(iam::nearest_miss(&verdict)))
    }

    fn of_nobody(&self, call: &Call<'_>) -> Result<Caller, Refusal> {
        let context = with_source(iam::time_context(call.now), call);
        match self.ask_domain(Principal::Anonymous, &context).decision {
            Decision::Allowed => Ok(Caller::Anonymous),
            Decision::ExplicitlyDenied => Err(self.denied("anonymous", Kind::Resource)),
            Decision::ImplicitlyDenied => {
                Err(self.not_allowed("anonymous", Kind::Resource, Cause::RequestUnsigned))
            }
        }
    }

    fn ask(&self, policies: &[&Policy], principal: Principal<'_>, context: &Context) -> Verdict {
        let (action, resource) = (self.action, Some(self.resource));
        decide(
            policies,
            &Request {
                principal,
                action,
                resource,
                context,
            },
        )
    }

    fn ask_domain(&self, principal: Principal<'_>, context: &Context) -> Verdict {
        let policies: Vec<&Policy> = self.domain.access_policy.iter().collect();
        self.ask(&policies, principal, context)
    }

    fn not_allowed(&self, user: &str, kind: Kind, cause: Cause) -> Refusal {
        let (action, kind) = (self.action, kind.name());
        let tail = format!("because no {kind} policy allows the {action} action");
        Refusal::unauthorized(&self.text(user, &tail), cause)
    }

    fn denied(&self, user: &str, kind: Kind) -> Refusal {
        let article = match kind {
            Kind::Identity => "an",
            Kind::Resource => "a",
        };
        let tail = format!("with an explicit deny in {article} {} policy", kind.name());
        Refusal::unauthorized(&self.text(user, &tail), Cause::EsHttpDenied)
    }

    fn text(&self, user: &str, tail: &str) -> String {
        format!(
            "User: {user} is not authorized to perform: {} {tail}",
            self.action
        )
    }
}

impl Kind {
    fn name(self) -> &'static str {
        match self {
            Self::Identity => "identity-based",
            Self::Resource => "resource-based",
        }
    }
}

fn policies(role: &Role) -> Vec<&Policy> {
    role.policies.iter().map(|one| &one.policy).collect()
}

fn with_source(context: Context, call: &Call<'_>) -> Context {
    context.with("aws:SourceIp", call.source.to_string())
}

/// A statement that fits but for its resource, and names a domain there, is what was meant.
fn not_allowed_cause(verdict: &Verdict, domain: &str) -> Cause {
    let names_wrongly = |pattern: &String| {
        let names_a_domain = pattern.contains(":es:") && pattern.contains(":domain/");
        let is_below = pattern
            .strip_prefix(domain)
            .is_some_and(|rest| rest.starts_with('/'));
        names_a_domain && !is_below
    };
    let is_near = |kept_by: &[Mismatch]| match kept_by {
        [Mismatch::Resource { expected, .. }] => expected.iter().any(names_wrongly),
        _ => false,
    };
    if verdict
        .near_misses
        .iter()
        .any(|miss| is_near(&miss.kept_by))
    {
        Cause::DomainResourceMismatch
    } else {
        Cause::EsHttpNotAllowed
    }
}
