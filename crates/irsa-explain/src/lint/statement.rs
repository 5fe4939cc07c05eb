//! One statement: slips in it, and where they stand.

use std::ops::Range;

use irsa_policy::{ConditionView, Effect, ElementView, Policy, PolicyKind, StatementView};

use super::{Finding, Level};
use crate::slips::{self, Slip};

/// A statement of a policy that was parsed, so there are no surprises in it.
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
        let mut findings = self.slips();
        if self.view.effect() == Effect::Allow {
            findings.extend(self.breadth());
        }
        findings
    }

    /// The element of this name, if the statement has it.
    pub(super) fn element(&self, name: &str) -> Option<ElementView<'a>> {
        let actions = Some(self.view.actions());
        [self.view.principals(), actions, self.view.resources()]
            .into_iter()
            .flatten()
            .find(|element| element.name == name)
    }

    /// The values of an element, of `Principal` those of all kinds.
    pub(super) fn values(&self, element: &str) -> &'a [String] {
        self.element(element).map_or(&[], |element| element.values)
    }

    pub(super) fn conditions(&self) -> impl Iterator<Item = ConditionView<'a>> {
        self.view.conditions()
    }

    /// A finding about a value of an element.
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

    /// A finding about a value of a condition.
    pub(super) fn of_condition(
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
            span: slips::span(self.text, &self.view.span(), within, about),
        }
    }

    fn slips(&self) -> Vec<Finding> {
        let (actions, resources) = (self.values("Action"), self.values("Resource"));
        let principals = self.values("Principal").iter();
        let of_principals = principals.filter_map(|name| slips::of_principal(name));
        let of_token = |name: &String| {
            let is_meant =
                self.is_for_tokens_only() && !actions.iter().any(|one| may_be_of_token(one));
            is_meant.then(|| slips::of_token_action(name))?
        };
        let of_actions = actions
            .iter()
            .filter_map(|name| slips::of_action(name).or_else(|| of_token(name)));
        let of_elements = [
            ("Principal", of_principals.collect()),
            ("Action", of_actions.collect()),
            ("Resource", slips::of_resources(actions, resources)),
        ];
        let mut findings = Vec::new();
        for (element, slips) in of_elements {
            findings.extend(slips.iter().map(|slip: &Slip| {
                self.finding(
                    (slip.id, Level::Error),
                    (element, &slip.about),
                    (slip.what, slip.question()),
                )
            }));
        }
        for condition in self.conditions() {
            let slips = slips::of_condition(condition.operator, condition.key, condition.values);
            findings.extend(slips.iter().map(|slip| {
                self.of_condition(
                    &condition,
                    (slip.id, Level::Error),
                    &slip.about,
                    (slip.what, slip.question()),
                )
            }));
        }
        findings
    }

    fn is_for_tokens_only(&self) -> bool {
        let principals = self.values("Principal");
        let is_provider = |name: &String| name.contains(":oidc-provider/");
        !principals.is_empty() && principals.iter().all(is_provider)
    }
}

fn may_be_of_token(action: &str) -> bool {
    slips::is_of_token(action) || action.contains(['*', '?'])
}
