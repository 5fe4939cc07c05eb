//! The decision at its best and at its worst, for any values of what is unknown.

use std::collections::BTreeSet;

use irsa_policy::{
    Assumption, Context, Decision, Layer, Outcome, Policy, PolicyDocuments, PolicyKind, PolicySet,
    Principal, Request,
};

use crate::question::{LATER, Question};
use crate::request_context::KeyState;

/// A policy that allows everything: the best that an unknown policy may be.
const GENEROUS: [(PolicyKind, &str); 2] = [
    (
        PolicyKind::Trust,
        r#"{"Version": "2012-10-17", "Statement": {"Effect": "Allow", "Principal": "*", "Action": "sts:*"}}"#,
    ),
    (
        PolicyKind::Resource,
        r#"{"Version": "2012-10-17", "Statement": {"Effect": "Allow", "Principal": "*", "Action": "*", "Resource": "*"}}"#,
    ),
];

/// As [`GENEROUS`], for policies without principals.
const GENEROUS_IDENTITY: &str = r#"{"Version": "2012-10-17", "Statement": {"Effect": "Allow", "Action": "*", "Resource": "*"}}"#;

#[derive(Debug)]
pub(super) struct Extremes<'a, 'q> {
    question: &'q Question,
    set: &'a PolicySet<'q>,
    /// Condition keys, in lower case.
    unknown: BTreeSet<&'q str>,
    /// The policies that allow everything in place of unknown ones.
    generous: PolicyDocuments,
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
            generous: generous(question),
        }
    }

    /// The outcome that holds whatever is unknown, or else the one without it and what decides.
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
            .doubts(&outcome, is_allowed && !self.depends_on_resource());
        let doubts: Vec<String> = keys.into_iter().chain(others).collect();
        if doubts.is_empty() && outcome.decision != Decision::Allowed {
            return (outcome, self.question.all_unknown());
        }
        (outcome, doubts)
    }

    /// The policies, with the best in place of the unknown ones.
    fn best_set(&self) -> PolicySet<'_> {
        let mut best = self.set.clone();
        let generous = self.generous.set();
        best.identity.extend(&generous.identity);
        best.boundary.extend(&generous.boundary);
        best.session.extend(&generous.session);
        best.resource = generous.resource.or(best.resource);
        for (levels, generous) in [
            (&mut best.service_control, &generous.service_control),
            (&mut best.resource_control, &generous.resource_control),
        ] {
            for (level, policies) in levels.iter_mut().zip(generous) {
                level.extend(policies);
            }
        }
        best
    }

    /// Whether the decision of the known policies differs over the unknown part of the resource.
    fn depends_on_resource(&self) -> bool {
        let is_allowed = |assumption| {
            let outcome = self.decide(self.set, assumption, |_| Assumption::Unfavorable);
            outcome.decision == Decision::Allowed
        };
        is_allowed(Assumption::Favorable) != is_allowed(Assumption::Unfavorable)
    }

    /// The keys each of which makes the difference, given all others at their best or at their worst; if no key does
    /// so alone, all of them.
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

    /// A key as a condition has it.
    fn written(&self, key: &str) -> String {
        let statements = self.set.all().flat_map(Policy::statements);
        let mut keys = statements.flat_map(|statement| statement.conditions().map(|one| one.key));
        let written = keys.find(|one| one.eq_ignore_ascii_case(key));
        written.unwrap_or(key).to_owned()
    }
}

/// A policy that allows everything in each layer of which something is unknown.
fn generous(question: &Question) -> PolicyDocuments {
    let mut documents = PolicyDocuments::new();
    let mut layers: Vec<Layer> = Vec::new();
    for layer in question.unknown.iter().filter_map(|one| one.layer) {
        if layers.contains(&layer) {
            continue;
        }
        layers.push(layer);
        let kind = layer.kind(&question.action);
        let text = GENEROUS.iter().find(|(other, _)| *other == kind);
        let text = text.map_or(GENEROUS_IDENTITY, |(_, text)| text);
        let added = documents.add(layer, &question.action, [text]);
        debug_assert!(added.is_ok(), "{layer}");
    }
    documents
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_generous_policies_are_policies() {
        for (kind, text) in GENEROUS {
            assert!(Policy::parse(kind, text).is_ok(), "{kind}");
        }
        for kind in [
            PolicyKind::Identity,
            PolicyKind::Boundary,
            PolicyKind::Session,
            PolicyKind::ServiceControl,
        ] {
            assert!(Policy::parse(kind, GENEROUS_IDENTITY).is_ok(), "{kind}");
        }
    }
}
