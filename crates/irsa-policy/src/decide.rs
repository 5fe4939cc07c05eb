//! The decision over several policies (IAM User Guide, "Policy evaluation logic").

use crate::call::Call;
use crate::statement::{Effect, Statement};
use crate::{Decision, NearMiss, Policy, Request, StatementRef, Verdict};

/// So many near misses are told; those further away explain nothing.
const MAX_NEAR_MISSES: usize = 16;

/// Decides a request against the policies of one layer: any `Deny` wins, else any `Allow` counts,
/// else the request is denied.
///
/// One layer is, for example, all identity policies of a role, or its trust policy. How layers are
/// combined (both sides across accounts, permissions boundaries) is up to the caller.
pub fn decide(policies: &[&Policy], request: &Request<'_>) -> Verdict {
    let call = Call::new(request);
    let (decision, by) = judge(policies, &call);
    Verdict {
        decision,
        by: by.map(Place::describe),
        near_misses: match decision {
            Decision::ImplicitlyDenied => near_misses(policies, &call),
            _ => Vec::new(),
        },
    }
}

/// The decision of [`decide`] alone, without a word of explanation and at a fraction of the cost.
pub fn evaluate(policies: &[&Policy], request: &Request<'_>) -> Decision {
    judge(policies, &Call::new(request)).0
}

/// A statement and where it stands.
#[derive(Clone, Copy)]
struct Place<'a> {
    policy: usize,
    number: usize,
    statement: &'a Statement,
}

impl Place<'_> {
    fn describe(self) -> StatementRef {
        StatementRef {
            policy: self.policy,
            statement: self.number,
            sid: self.statement.sid().map(str::to_owned),
        }
    }
}

fn judge<'a>(policies: &[&'a Policy], call: &Call<'_>) -> (Decision, Option<Place<'a>>) {
    let mut allow = None;
    for place in places(policies) {
        match place.statement.effect() {
            // One that allows is enough; one that denies is still to be looked for.
            Effect::Allow if allow.is_some() => {}
            Effect::Allow => allow = place.statement.matches(call).then_some(place),
            Effect::Deny if place.statement.matches(call) => {
                return (Decision::ExplicitlyDenied, Some(place));
            }
            Effect::Deny => {}
        }
    }
    match allow {
        Some(_) => (Decision::Allowed, allow),
        None => (Decision::ImplicitlyDenied, None),
    }
}

fn near_misses(policies: &[&Policy], call: &Call<'_>) -> Vec<NearMiss> {
    let mut places: Vec<Place<'_>> = places(policies)
        .filter(|place| place.statement.effect() == Effect::Allow)
        .collect();
    places.sort_by_cached_key(|place| place.statement.distance(call));
    places.truncate(MAX_NEAR_MISSES);
    let near_miss = |place: Place<'_>| NearMiss {
        statement: place.describe(),
        kept_by: place.statement.mismatches(call),
    };
    places.into_iter().map(near_miss).collect()
}

fn places<'a>(policies: &[&'a Policy]) -> impl Iterator<Item = Place<'a>> {
    let policies = policies.iter().enumerate();
    policies.flat_map(|(policy, document)| {
        let statements = document.statements().iter().enumerate();
        statements.map(move |(number, statement)| Place {
            policy,
            number,
            statement,
        })
    })
}
