//! The decision over the policies of one layer (IAM User Guide, "Policy evaluation logic").

use crate::call::Call;
use crate::principal::Grant;
use crate::statement::{Effect, Statement};
use crate::{Decision, NearMiss, Policy, Request, StatementRef, Verdict};

/// So many near misses are told; those further away explain nothing.
const MAX_NEAR_MISSES: usize = 16;

/// Decides a request against the policies of one layer: any `Deny` wins, else any `Allow` counts,
/// else the request is denied.
///
/// One layer is, for example, all identity policies of a role, or its trust policy.
/// [`PolicySet`](crate::PolicySet) combines layers.
pub fn decide(policies: &[&Policy], request: &Request<'_>) -> Verdict {
    let call = Call::new(request, false);
    let (decision, by) = judge(policies, &call).decision();
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
    judge(policies, &Call::new(request, false)).decision().0
}

/// A statement and where it stands.
#[derive(Clone, Copy)]
pub(crate) struct Place<'a> {
    policy: usize,
    number: usize,
    statement: &'a Statement,
}

/// What the statements of a layer say.
#[derive(Clone, Copy, Default)]
pub(crate) struct Judgement<'a> {
    pub(crate) deny: Option<Place<'a>>,
    /// The statement that speaks of the caller most directly, if none denies.
    pub(crate) allow: Option<(Place<'a>, Grant)>,
}

impl Place<'_> {
    pub(crate) fn describe(self) -> StatementRef {
        StatementRef {
            policy: self.policy,
            statement: self.number,
            sid: self.statement.sid().map(str::to_owned),
        }
    }
}

impl<'a> Judgement<'a> {
    fn decision(self) -> (Decision, Option<Place<'a>>) {
        match (self.deny, self.allow) {
            (Some(deny), _) => (Decision::ExplicitlyDenied, Some(deny)),
            (None, Some((allow, _))) => (Decision::Allowed, Some(allow)),
            (None, None) => (Decision::ImplicitlyDenied, None),
        }
    }
}

pub(crate) fn judge<'a>(policies: &[&'a Policy], call: &Call<'_>) -> Judgement<'a> {
    let mut allow: Option<(Place<'a>, Grant)> = None;
    for place in places(policies) {
        let statement = place.statement;
        match statement.effect() {
            // Nothing is more direct; one that denies is still to be looked for.
            Effect::Allow if matches!(allow, Some((_, Grant::Direct))) => {}
            _ if !statement.matches(call) => {}
            Effect::Allow => {
                let grant = statement.grant(call);
                if allow.is_none_or(|(_, before)| before < grant) {
                    allow = Some((place, grant));
                }
            }
            Effect::Deny => {
                let deny = Some(place);
                return Judgement { deny, allow: None };
            }
        }
    }
    Judgement { deny: None, allow }
}

pub(crate) fn near_misses(policies: &[&Policy], call: &Call<'_>) -> Vec<NearMiss> {
    let mut places: Vec<Place<'_>> = places(policies)
        .filter(|place| place.statement.effect() == Effect::Allow)
        // A resource's policy may allow the caller's account without allowing the caller.
        .filter(|place| !place.statement.matches(call))
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
        let statements = document.compiled().iter().enumerate();
        statements.map(move |(number, statement)| Place {
            policy,
            number,
            statement,
        })
    })
}
