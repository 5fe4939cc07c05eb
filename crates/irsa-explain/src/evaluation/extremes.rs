//! The best and the worst possible decision over all values of the unknowns.

use std::collections::BTreeSet;

use irsa_policy::{
    Assumption, Context, Decision, Layer, Outcome, Policy, PolicyDocuments, PolicyKind, PolicySet,
    Principal, Request,
};

use crate::question::{LATER, Question};
use crate::request_context::KeyState;

/// Policies that allow everything, as the best case of an unknown policy.
const ALLOW_ALL: [(PolicyKind, &str); 2] = [
    (
        PolicyKind::Trust,
        r#"{"Version": "2012-10-17", "Statement": {"Effect": "Allow", "Principal": "*", "Action": "sts:*"}}"#,
    ),
    (
        PolicyKind::Resource,
        r#"{"Version": "2012-10-17", "Statement": {"Effect": "Allow", "Principal": "*", "Action": "*", "Resource": "*"}}"#,
    ),
];

/// The best case for policies without principals.
const ALLOW_ALL_IDENTITY: &str = r#"{"Version": "2012-10-17", "Statement": {"Effect": "Allow", "Action": "*", "Resource": "*"}}"#;

#[derive(Debug)]
pub(super) struct Extremes<'a, 'q> {
    question: &'q Question,
    set: &'a PolicySet<'q>,
    /// The unknown condition keys, in lower case.
    unknown: BTreeSet<&'q str>,
    /// Policies that allow everything, in place of the unknown ones.
    permissive: PolicyDocuments,
}

// === impl Extremes ===

impl<'a, 'q> Extremes<'a, 'q> {
    pub(super) fn new(question: &'q Question, set: &'a PolicySet<'q>) -> Self {
        let is_unknown = |key: &&str| question.context.state(key) == KeyState::Unknown;
        let keys = set.all().flat_map(Policy::keys);
        Self {
            question,
            set,
            unknown: keys.filter(is_unknown).collect(),
            permissive: permissive(question),
        }
    }

    /// The outcome, if it is the same for all values of the unknowns. Otherwise the outcome without the unknowns, and
    /// what it depends on.
    pub(super) fn outcome(&self) -> (Outcome, Vec<String>) {
        let best = self.decide(&self.best_set(), Assumption::Favorable, |_| {
            Assumption::Favorable
        });
        if best.decision != Decision::Allowed {
            return (best, Vec::new());
        }
        let worst = self.decide(self.set, Assumption::Unfavorable, |_| {
            Assumption::Unfavorable
        });
        let (outcome, keys) = match worst.decision {
            Decision::Allowed => (worst, Vec::new()),
            _ => (self.decide_without(), self.deciding()),
        };
        let is_allowed = keys.is_empty() && outcome.decision == Decision::Allowed;
        let others = self
            .question
            .relevant_unknowns(&outcome, is_allowed && !self.depends_on_resource());
        let unknowns: Vec<String> = keys.into_iter().chain(others).collect();
        if unknowns.is_empty() && outcome.decision != Decision::Allowed {
            return (outcome, self.question.all_unknown());
        }
        (outcome, unknowns)
    }

    /// The policies, with the best case in place of the unknown ones.
    fn best_set(&self) -> PolicySet<'_> {
        let mut best = self.set.clone();
        let permissive = self.permissive.set();
        best.identity.extend(&permissive.identity);
        best.boundary.extend(&permissive.boundary);
        best.session.extend(&permissive.session);
        best.resource = permissive.resource.or(best.resource);
        for (levels, permissive) in [
            (&mut best.service_control, &permissive.service_control),
            (&mut best.resource_control, &permissive.resource_control),
        ] {
            for (level, policies) in levels.iter_mut().zip(permissive) {
                level.extend(policies);
            }
        }
        best
    }

    /// Returns whether the decision of the known policies depends on the unknown part of the resource.
    fn depends_on_resource(&self) -> bool {
        let is_allowed = |assumption| {
            let outcome = self.decide(self.set, assumption, |_| Assumption::Unfavorable);
            outcome.decision == Decision::Allowed
        };
        is_allowed(Assumption::Favorable) != is_allowed(Assumption::Unfavorable)
    }

    /// The keys that the decision depends on: each changes the decision on its own, with all others at their best or
    /// worst value. If no single key does, all of them.
    fn deciding(&self) -> Vec<String> {
        let best = self.best_set();
        let is_allowed = |assumption: &dyn Fn(&str) -> Assumption| {
            let outcome = self.decide(&best, Assumption::Favorable, assumption);
            outcome.decision == Decision::Allowed
        };
        if is_allowed(&|_| Assumption::Unfavorable) {
            return Vec::new();
        }
        let one_differs = |key: &&&str| {
            let with = |own: Assumption, other: Assumption| {
                is_allowed(&|one| if one == **key { own } else { other })
            };
            !with(Assumption::Unfavorable, Assumption::Favorable)
                || with(Assumption::Favorable, Assumption::Unfavorable)
        };
        let deciding: Vec<_> = self.unknown.iter().filter(one_differs).collect();
        let deciding = if deciding.is_empty() {
            self.unknown.iter().collect()
        } else {
            deciding
        };
        deciding.into_iter().map(|key| self.written(key)).collect()
    }

    fn decide(
        &self,
        set: &PolicySet<'_>,
        resource: Assumption,
        keys: impl Fn(&str) -> Assumption,
    ) -> Outcome {
        let mut context = self.question.context.filled().clone();
        for key in &self.unknown {
            context.assume(key, keys(key));
        }
        context.assume_resource(LATER, resource);
        self.decide_in(set, &context)
    }

    fn decide_without(&self) -> Outcome {
        self.decide_in(self.set, self.question.context.filled())
    }

    fn decide_in(&self, set: &PolicySet<'_>, context: &Context) -> Outcome {
        let Question {
            principal,
            action,
            resource,
            ..
        } = self.question;
        set.decide(&Request {
            principal: Principal::parse(principal).unwrap_or(Principal::Anonymous),
            action,
            resource: resource.as_deref(),
            context,
        })
    }

    /// A key as it is spelled in a condition.
    fn written(&self, key: &str) -> String {
        let statements = self.set.all().flat_map(Policy::statements);
        let mut keys = statements.flat_map(|statement| statement.conditions().map(|one| one.key));
        let written = keys.find(|one| one.eq_ignore_ascii_case(key));
        written.unwrap_or(key).to_owned()
    }
}

/// Policies that allow everything, for each layer with an unknown policy.
fn permissive(question: &Question) -> PolicyDocuments {
    let mut documents = PolicyDocuments::new();
    let mut layers: Vec<Layer> = Vec::new();
    for layer in question.unknown.iter().filter_map(|one| one.layer) {
        if layers.contains(&layer) {
            continue;
        }
        layers.push(layer);
        let kind = layer.kind(&question.action);
        let text = ALLOW_ALL.iter().find(|(other, _)| *other == kind);
        let text = text.map_or(ALLOW_ALL_IDENTITY, |(_, text)| text);
        let added = documents.add(layer, &question.action, [text]);
        debug_assert!(added.is_ok(), "{layer}");
    }
    documents
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_permissive_policies_are_valid() {
        for (kind, text) in ALLOW_ALL {
            assert!(Policy::parse(kind, text).is_ok(), "{kind}");
        }
        for kind in [
            PolicyKind::Identity,
            PolicyKind::Boundary,
            PolicyKind::Session,
            PolicyKind::ServiceControl,
        ] {
            assert!(Policy::parse(kind, ALLOW_ALL_IDENTITY).is_ok(), "{kind}");
        }
    }
}
