//! Whether the role may send requests to a domain.

use irsa_aws::DomainSettings;
use irsa_chain::{Cause, Link};
use irsa_explain::{Question, request_cause};
use irsa_policy::{Layer, Mismatch};
use serde_json::json;

use super::authorization::{BUT_FOR_ORGANIZATIONS, Denial, Ruling, Wanted, document, ruling};
use super::domain;
use super::session::{self, Asker, POLICIES, context, documents, principal};
use super::state::Aws;
use super::text::listed;
use crate::{Check, CheckOutcome, Place, Work};

pub(super) const ALLOWED: Check = Check {
    id: "aws-requests",
    place: Place::Aws,
    link: Link::Permissions,
    question: "Do the role's policies and the domain's allow its requests?",
    description: "Decides, as IAM would, whether a session of the role may do `es:ESHttpGet` and the other methods on the \
               domain, by the role's policies, its permissions boundary and the domain's access policy. Without GET \
               and POST no client can read or search; the other methods are named, and may well be left out.",
    causes: &[
        Cause::EsHttpNotAllowed,
        Cause::EsHttpDenied,
        Cause::DomainResourceMismatch,
        Cause::BoundaryNotAllowing,
        Cause::ConditionNeverMet,
    ],
    needs: &[POLICIES.id, domain::EXISTS.id],
};

/// Those that every client needs come first.
const ACTIONS: [&str; 5] = [
    "es:ESHttpGet",
    "es:ESHttpPost",
    "es:ESHttpHead",
    "es:ESHttpPut",
    "es:ESHttpDelete",
];

/// So many of them.
const NEEDED: usize = 2;

pub(super) fn allowed<'a>(aws: &'a mut Aws, host: &'a str) -> Work<'a> {
    Box::pin(async move {
        let own = aws.domain(host).and_then(|domain| domain.role.as_ref());
        match session::asker(aws, own).await {
            Ok(asker) => decided(aws, host, &asker).unwrap_or_else(CheckOutcome::unsure),
            Err(seen) => seen,
        }
    })
}

fn decided(aws: &Aws, host: &str, asker: &Asker) -> Result<CheckOutcome, &'static str> {
    let found = aws
        .facts
        .domains
        .get(host)
        .ok_or("the domain was not read")?;
    let mut allowed = Vec::new();
    let mut denied = Vec::new();
    for action in ACTIONS {
        match ruling(&question(aws, found, asker, action)) {
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
        (Some((action, denial)), _) => refused(asker, found, action, denial),
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
                "{by} allows {methods}{without}; {BUT_FOR_ORGANIZATIONS}"
            ))
        }
        (None, None) => CheckOutcome::unsure("nothing was asked"),
    })
}

fn question(aws: &Aws, found: &DomainSettings, asker: &Asker, action: &str) -> Question {
    let name = format!("the access policy of {}", found.name);
    let own = found.access_policy.as_ref();
    let resource = format!("{}/", found.arn);
    Question {
        principal: principal(&asker.role.arn),
        action: action.to_owned(),
        context: context(aws, &asker.role, action, &resource),
        policies: documents(
            &asker.permissions,
            own.map(|text| document(Layer::Resource, name, text)),
        ),
        resource: Some(resource),
        ..Question::default()
    }
}

fn refused(asker: &Asker, found: &DomainSettings, action: &str, denial: &Denial) -> CheckOutcome {
    let below = format!("{}/", found.arn);
    if let Some(path) = resources(denial).find(|path| path.starts_with(&below)) {
        return CheckOutcome::unsure(format!(
            "`{action}` is allowed below `{path}` alone, and which paths the workload asks for is not known"
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
    let remedy = wanted.remedy(asker, denial, cause);
    let seen = format!("`{action}` on `{below}` is not allowed: {}", denial.seen);
    CheckOutcome::broken(cause, seen).remedy(remedy)
}

/// The resources of the nearest statement, where they alone keep it from allowing.
fn resources(denial: &Denial) -> impl Iterator<Item = &String> {
    let kept_by = denial
        .nearest
        .as_ref()
        .map_or(&[][..], |miss| &miss.kept_by);
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
