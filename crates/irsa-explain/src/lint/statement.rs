//! The common mistakes in a statement, with their positions.

use std::ops::Range;

use irsa_policy::{ConditionView, Effect, ElementView, Policy, PolicyKind, StatementView};

use super::{Finding, Level};
use crate::common_mistakes::{self, Mistake, Part, RequestValues};

/// A statement of a valid policy.
#[derive(Debug, Clone, Copy)]
pub(super) struct Statement<'a> {
    pub(super) kind: PolicyKind,
    text: &'a str,
    view: StatementView<'a>,
}

// === impl Statement ===

impl<'a> Statement<'a> {
    pub(super) fn all(policy: &'a Policy) -> impl Iterator<Item = Self> {
        policy.statements().map(|view| Self {
            kind: policy.kind(),
            text: policy.text(),
            view,
        })
    }

    pub(super) fn findings(&self) -> Vec<Finding> {
        let mut findings = self.mistakes();
        findings.extend(self.contradictions());
        if self.view.effect() == Effect::Allow {
            findings.extend(self.breadth());
        }
        findings
    }

    pub(super) fn effect(&self) -> Effect {
        self.view.effect()
    }

    /// The element of this name, if the statement has it.
    pub(super) fn element(&self, name: &str) -> Option<ElementView<'a>> {
        let actions = Some(self.view.actions());
        [self.view.principals(), actions, self.view.resources()]
            .into_iter()
            .flatten()
            .find(|element| element.name == name)
    }

    /// The values of an element; for `Principal`, those of all principal types.
    pub(super) fn values(&self, element: &str) -> &'a [String] {
        self.element(element).map_or(&[], |element| element.values)
    }

    pub(super) fn conditions(&self) -> impl Iterator<Item = ConditionView<'a>> {
        self.view.conditions()
    }

    /// Creates a finding about a value of an element.
    pub(super) fn finding(
        &self,
        (id, level): (&'static str, Level),
        (element, about): (&str, &str),
        (what, help): (&str, Option<String>),
    ) -> Finding {
        let element = self.element(element);
        let span = element.map_or_else(|| self.view.span(), |element| element.span);
        self.at((id, level), &span, about, (what, help))
    }

    /// Creates a finding about a value of a condition.
    pub(super) fn condition_finding(
        &self,
        condition: &ConditionView<'_>,
        (id, level): (&'static str, Level),
        about: &str,
        (what, help): (&str, Option<String>),
    ) -> Finding {
        self.at((id, level), &condition.span, about, (what, help))
    }

    fn at(
        &self,
        (id, level): (&'static str, Level),
        within: &Range<usize>,
        about: &str,
        (what, help): (&str, Option<String>),
    ) -> Finding {
        Finding {
            id,
            level,
            what: what.to_owned(),
            help,
            span: common_mistakes::span(self.text, &self.view.span(), within, about),
        }
    }

    fn mistakes(&self) -> Vec<Finding> {
        let (actions, resources) = (self.values("Action"), self.values("Resource"));
        let principals = Part::Principal {
            names: self.values("Principal"),
            caller: None,
        };
        let action_part = Part::Action {
            names: actions,
            is_for_tokens: self.is_for_tokens_only(),
        };
        let resource_part = Part::Resource {
            actions,
            arns: resources,
            requested: None,
        };
        let mut findings = Vec::new();
        for (element, part) in [
            ("Principal", principals),
            ("Action", action_part),
            ("Resource", resource_part),
        ] {
            let finding = |mistake: &Mistake| {
                self.finding(
                    (mistake.entry.id, Level::Error),
                    (element, &mistake.about),
                    (mistake.entry.sentence, mistake.question()),
                )
            };
            findings.extend(part.mistakes().iter().map(finding));
        }
        findings.extend(
            self.conditions()
                .flat_map(|condition| self.condition_mistakes(&condition)),
        );
        findings
    }

    fn condition_mistakes(&self, condition: &ConditionView<'_>) -> Vec<Finding> {
        let finding = |mistake: &Mistake| {
            self.condition_finding(
                condition,
                (mistake.entry.id, Level::Error),
                &mistake.about,
                (mistake.entry.sentence, mistake.question()),
            )
        };
        condition_part(condition)
            .mistakes()
            .iter()
            .map(finding)
            .collect()
    }

    pub(super) fn has_mistaken_principals(&self) -> bool {
        let part = Part::Principal {
            names: self.values("Principal"),
            caller: None,
        };
        !part.mistakes().is_empty()
    }

    fn is_for_tokens_only(&self) -> bool {
        let principals = self.values("Principal");
        let is_provider = |name: &String| name.contains(":oidc-provider/");
        !principals.is_empty() && principals.iter().all(is_provider)
    }
}

fn condition_part<'a>(condition: &ConditionView<'a>) -> Part<'a> {
    Part::Condition {
        operator: condition.operator,
        key: condition.key,
        values: condition.values,
        actual: RequestValues::NoRequest,
    }
}

/// Returns whether the key of a condition has a mistake that is already reported.
pub(super) fn is_mistaken(condition: &ConditionView<'_>) -> bool {
    let mistakes = condition_part(condition).mistakes();
    mistakes
        .iter()
        .any(|mistake| mistake.about == condition.key)
}
