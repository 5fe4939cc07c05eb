//! The decision on `es:ESHttp*` actions for a domain.

use irsa_aws::DomainSettings;
use irsa_chain::{Cause, Link};
use irsa_explain::{Question, request_cause};
use irsa_policy::{Layer, Mismatch};
use serde_json::json;

use super::authorization::{Denial, ORGANIZATION_CAVEAT, Ruling, document, ruling};
use super::domain;
use super::grant::Wanted;
use super::session::{self, POLICIES, SessionRole, context, documents, principal};
use super::state::Aws;
use super::text::listed;
use crate::{Check, CheckOutcome, Place, Work};

pub(super) const ALLOWED: Check = Check {
    id: "aws-requests",
    place: Place::Aws,
    link: Link::Permissions,
    question: "Do the role's policies and the domain's policy allow requests?",
    description: "Evaluates the role's policies, its permissions boundary and the domain's access policy as IAM does: is a \
               session of the role allowed `es:ESHttpGet` and the other methods on the domain? Clients need GET and POST \
               to read and search; other methods that are not allowed are reported, but may be intended.",
    causes: &[
        Cause::EsHttpNotAllowed,
        Cause::EsHttpDenied,
        Cause::DomainResourceMismatch,
        Cause::BoundaryNotAllowing,
        Cause::ConditionNeverMet,
    ],
    needs: &[POLICIES.id, domain::EXISTS.id],
};

/// The actions, starting with those that every client needs.
const ACTIONS: [&str; 5] = [
    "es:ESHttpGet",
    "es:ESHttpPost",
    "es:ESHttpHead",
    "es:ESHttpPut",
    "es:ESHttpDelete",
];

/// The number of actions that every client needs.
const NEEDED: usize = 2;

pub(super) fn allowed<'a>(aws: &'a mut Aws, host: &'a str) -> Work<'a> {
    Box::pin(async move {
        let own = aws.domain(host).and_then(|domain| domain.role.as_ref());
        match session::session_role(aws, own).await {
            Ok(caller) => decided(aws, host, &caller).unwrap_or_else(CheckOutcome::unsure),
            Err(seen) => seen,
        }
    })
}

fn decided(aws: &Aws, host: &str, caller: &SessionRole) -> Result<CheckOutcome, &'static str> {
    let found = aws
        .facts
        .domains
        .get(host)
        .ok_or("the domain was not read")?;
    let mut allowed = Vec::new();
    let mut denied = Vec::new();
    for action in ACTIONS {
        match ruling(&question(aws, found, caller, action)) {
            Ruling::Allowed(by) => allowed.push((action, by)),
            Ruling::Denied(denial) => denied.push((action, denial)),
            Ruling::Doubtful(why) | Ruling::Unreadable(why) => {
                return Ok(CheckOutcome::unsure(why));
            }
        }
    }
    let needed = denied
        .iter()
        .find(|(action, _)| ACTIONS[..NEEDED].contains(action));
    Ok(match (needed, allowed.first()) {
        (Some((action, denial)), _) => refused(caller, found, action, denial),
        (None, Some((_, by))) => {
            let methods = listed(allowed.iter().map(|(action, _)| *action));
            let without = match denied.as_slice() {
                [] => String::new(),
                denied => format!(
                    "; not allowed: {}",
                    listed(denied.iter().map(|(action, _)| *action))
                ),
            };
            CheckOutcome::holds(format!(
                "{by} allows {methods}{without}; {ORGANIZATION_CAVEAT}"
            ))
        }
        (None, None) => CheckOutcome::unsure("no action was evaluated"),
    })
}

fn question(aws: &Aws, found: &DomainSettings, caller: &SessionRole, action: &str) -> Question {
    let name = format!("the access policy of {}", found.name);
    let own = found.access_policy.as_ref();
    let resource = format!("{}/", found.arn);
    Question {
        principal: principal(&caller.role.arn),
        action: action.to_owned(),
        context: context(aws, &caller.role, action, &resource),
        policies: documents(
            &caller.permissions,
            own.map(|text| document(Layer::Resource, name, text)),
        ),
        resource: Some(resource),
        ..Question::default()
    }
}

fn refused(
    caller: &SessionRole,
    found: &DomainSettings,
    action: &str,
    denial: &Denial,
) -> CheckOutcome {
    let below = format!("{}/", found.arn);
    if let Some(path) = resources(denial).find(|path| path.starts_with(&below)) {
        return CheckOutcome::unsure(format!(
            "`{action}` is allowed only for `{path}`, and the paths that the workload uses are unknown"
        ));
    }
    let cause = denial.cause(Cause::EsHttpDenied, |denial| {
        request_cause(&denial.outcome, found.arn.as_ref())
    });
    let resource = format!("{below}*");
    let statement = json!({"Effect": "Allow", "Action": ACTIONS, "Resource": resource});
    let wanted = Wanted {
        policy: &["opensearch", found.name.as_str()],
        statement: &statement,
        resource: &resource,
        not_allowed: Cause::EsHttpNotAllowed,
    };
    let remedy = wanted.remedy(caller, denial, cause);
    let seen = format!("`{action}` on `{below}` is not allowed: {}", denial.seen);
    CheckOutcome::broken(cause, seen).remedy(remedy)
}

/// The resources of the closest statement, if only they keep it from allowing the request.
fn resources(denial: &Denial) -> impl Iterator<Item = &String> {
    let kept_by = denial
        .nearest
        .as_ref()
        .map_or(&[][..], |miss| &miss.mismatches);
    let expected = match kept_by {
        [
            Mismatch::Resource {
                element: "Resource",
                expected,
                ..
            },
        ] => expected.as_slice(),
        _ => &[],
    };
    expected.iter()
}
