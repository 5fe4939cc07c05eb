//! One statement, as it is written.

use std::ops::Range;

use irsa_policy::{Mismatch, Policy, PolicyKind};
use serde_json::Value;

use super::{Finding, Level};
use crate::slips::{self, Slip};

/// A statement of a policy that was parsed, so there are no surprises in it.
#[derive(Debug)]
pub(super) struct Statement<'a> {
    pub(super) kind: PolicyKind,
    value: Value,
    text: &'a str,
    policy: &'a Policy,
    number: usize,
    span: Range<usize>,
}

/// One key of one operator.
#[derive(Debug)]
pub(super) struct Condition<'s> {
    pub(super) operator: &'s str,
    pub(super) key: &'s str,
    pub(super) values: Vec<String>,
}

/// The values of a list, or the value that goes without brackets.
pub(super) fn listed(value: Option<&Value>) -> Vec<&Value> {
    match value {
        Some(Value::Array(values)) => values.iter().collect(),
        value => value.into_iter().collect(),
    }
}

// === impl Statement ===

impl<'a> Statement<'a> {
    pub(super) fn new(text: &'a str, policy: &'a Policy, number: usize) -> Option<Self> {
        let span = policy.span(number)?;
        Some(Self {
            kind: policy.kind(),
            value: serde_json::from_str(text.get(span.clone())?).ok()?,
            text,
            policy,
            number,
            span,
        })
    }

    pub(super) fn findings(&self) -> Vec<Finding> {
        let mut findings = self.slips();
        if self.allows() {
            findings.extend(self.breadth());
        }
        findings
    }

    pub(super) fn has(&self, element: &str) -> bool {
        self.value.get(element).is_some()
    }

    /// The texts of an element, of `Principal` those of all kinds.
    pub(super) fn texts(&self, element: &str) -> Vec<String> {
        match self.value.get(element) {
            Some(Value::Object(kinds)) => kinds
                .values()
                .flat_map(|values| texts(Some(values)))
                .collect(),
            value => texts(value),
        }
    }

    pub(super) fn conditions(&self) -> Vec<Condition<'_>> {
        let operators = self.value.get("Condition").and_then(Value::as_object);
        let mut conditions = Vec::new();
        for (operator, keys) in operators.into_iter().flatten() {
            for (key, values) in keys.as_object().into_iter().flatten() {
                let values = texts(Some(values));
                conditions.push(Condition {
                    operator,
                    key,
                    values,
                });
            }
        }
        conditions
    }

    /// A finding about a value of an element.
    pub(super) fn finding(
        &self,
        (id, level): (&'static str, Level),
        (element, about): (&'static str, &str),
        (what, help): (&str, Option<String>),
    ) -> Finding {
        let element = self.span_of(element);
        Finding {
            id,
            level,
            what: what.to_owned(),
            help,
            span: slips::span(self.text, &self.span, &element, about),
        }
    }

    /// A finding about a value of a condition.
    pub(super) fn of_condition(
        &self,
        condition: &Condition<'_>,
        (id, level): (&'static str, Level),
        about: &str,
        (what, help): (&str, Option<String>),
    ) -> Finding {
        let mismatch = Mismatch::Condition {
            operator: condition.operator.to_owned(),
            key: condition.key.to_owned(),
            expected: Vec::new(),
            was: None,
        };
        let element = self.policy.span_of(self.number, &mismatch);
        let element = element.unwrap_or_else(|| self.span.clone());
        Finding {
            id,
            level,
            what: what.to_owned(),
            help,
            span: slips::span(self.text, &self.span, &element, about),
        }
    }

    fn allows(&self) -> bool {
        self.value.get("Effect").and_then(Value::as_str) == Some("Allow")
    }

    fn slips(&self) -> Vec<Finding> {
        let (actions, resources) = (self.texts("Action"), self.texts("Resource"));
        let principals = self.texts("Principal");
        let mut findings = Vec::new();
        let of_elements = [
            (
                "Principal",
                principals
                    .iter()
                    .filter_map(|name| slips::of_principal(name))
                    .collect(),
            ),
            (
                "Action",
                actions
                    .iter()
                    .filter_map(|name| slips::of_action(name))
                    .collect(),
            ),
            ("Resource", slips::of_resources(&actions, &resources)),
        ];
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
            let slips = slips::of_condition(condition.operator, condition.key, &condition.values);
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

    fn span_of(&self, element: &'static str) -> Range<usize> {
        let (expected, was) = (Vec::new(), String::new());
        let mismatch = match element {
            "Principal" => Mismatch::Principal { expected, was },
            "Action" | "NotAction" => Mismatch::Action {
                element,
                expected,
                was,
            },
            "Resource" | "NotResource" => Mismatch::Resource {
                element,
                expected,
                was: None,
            },
            _ => return self.span.clone(),
        };
        let span = self.policy.span_of(self.number, &mismatch);
        span.unwrap_or_else(|| self.span.clone())
    }
}

fn texts(value: Option<&Value>) -> Vec<String> {
    let text = |value: &Value| match value {
        Value::String(text) => text.clone(),
        other => other.to_string(),
    };
    listed(value).into_iter().map(text).collect()
}
