//! The decision over the policies of one layer (IAM User Guide, "Policy evaluation logic").

use crate::prepared_request::PreparedRequest;
use crate::principal::Grant;
use crate::statement::Statement;
use crate::{Decision, Effect, NearMiss, Policy, Request, StatementRef, Verdict};

/// The maximum number of near misses in a verdict. Statements that are further from allowing explain nothing.
const MAX_NEAR_MISSES: usize = 16;

/// Decides a request by the policies of one layer. Any matching `Deny` wins; otherwise any matching `Allow` allows the
/// request; otherwise it is implicitly denied.
///
/// A layer is, for example, all identity policies of a role, or its trust policy. [`PolicySet`](crate::PolicySet)
/// combines layers.
pub fn decide(policies: &[&Policy], request: &Request<'_>) -> Verdict {
    let prepared = PreparedRequest::new(request, false);
    let (decision, by) = judge(policies, &prepared).decision();
    Verdict {
        decision,
        by: by.map(LocatedStatement::describe),
        near_misses: match decision {
            Decision::ImplicitlyDenied => near_misses(policies, &prepared),
            _ => Vec::new(),
        },
    }
}

/// Returns only the decision of [`decide`], without an explanation and at a fraction of the cost.
pub fn evaluate(policies: &[&Policy], request: &Request<'_>) -> Decision {
    judge(policies, &PreparedRequest::new(request, false))
        .decision()
        .0
}

/// A statement and its position in the list of policies.
#[derive(Clone, Copy)]
pub(crate) struct LocatedStatement<'a> {
    policy: usize,
    number: usize,
    statement: &'a Statement,
}

/// The result of a layer.
#[derive(Clone, Copy, Default)]
pub(crate) struct Judgement<'a> {
    pub(crate) deny: Option<LocatedStatement<'a>>,
    /// The statement that grants to the caller most directly, if no statement denies.
    pub(crate) allow: Option<(LocatedStatement<'a>, Grant)>,
}

impl LocatedStatement<'_> {
    pub(crate) fn describe(self) -> StatementRef {
        StatementRef {
            policy: self.policy,
            statement: self.number,
            sid: self.statement.sid().map(str::to_owned),
        }
    }
}

impl<'a> Judgement<'a> {
    fn decision(self) -> (Decision, Option<LocatedStatement<'a>>) {
        match (self.deny, self.allow) {
            (Some(deny), _) => (Decision::ExplicitlyDenied, Some(deny)),
            (None, Some((allow, _))) => (Decision::Allowed, Some(allow)),
            (None, None) => (Decision::ImplicitlyDenied, None),
        }
    }
}

pub(crate) fn judge<'a>(policies: &[&'a Policy], prepared: &PreparedRequest<'_>) -> Judgement<'a> {
    let mut allow: Option<(LocatedStatement<'a>, Grant)> = None;
    for located in all_statements(policies) {
        let statement = located.statement;
        match statement.effect() {
            // No statement is more direct, but a later one may still deny.
            Effect::Allow if matches!(allow, Some((_, Grant::Direct))) => {}
            _ if !statement.matches(prepared) => {}
            Effect::Allow => {
                let grant = statement.grant(prepared);
                if allow.is_none_or(|(_, before)| before < grant) {
                    allow = Some((located, grant));
                }
            }
            Effect::Deny => {
                let deny = Some(located);
                return Judgement { deny, allow: None };
            }
        }
    }
    Judgement { deny: None, allow }
}

pub(crate) fn near_misses(policies: &[&Policy], prepared: &PreparedRequest<'_>) -> Vec<NearMiss> {
    let mut nearest: Vec<LocatedStatement<'_>> = all_statements(policies)
        .filter(|located| located.statement.effect() == Effect::Allow)
        // A resource-based policy may allow the caller's account without allowing the caller.
        .filter(|located| !located.statement.matches(prepared))
        .collect();
    nearest.sort_by_cached_key(|located| located.statement.distance(prepared));
    nearest.truncate(MAX_NEAR_MISSES);
    let near_miss = |located: LocatedStatement<'_>| NearMiss {
        statement: located.describe(),
        mismatches: located.statement.mismatches(prepared),
    };
    nearest.into_iter().map(near_miss).collect()
}

fn all_statements<'a>(policies: &[&'a Policy]) -> impl Iterator<Item = LocatedStatement<'a>> {
    let policies = policies.iter().enumerate();
    policies.flat_map(|(policy, document)| {
        let statements = document.compiled().iter().enumerate();
        statements.map(move |(number, statement)| LocatedStatement {
            policy,
            number,
            statement,
        })
    })
}
