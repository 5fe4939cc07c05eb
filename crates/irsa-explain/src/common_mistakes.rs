//! Common mistakes: policy text that IAM accepts but that never matches what its author intended.
//!
//! [`table`] lists all of them. `irsa policy explain` and `irsa policy lint` print the sentences, and
//! [`trust_cause`](crate::trust_cause) returns the causes, for the doctor and the lab. The functions that detect the
//! mistakes are in a module for each element.

mod action;
mod issuer;
mod partition;
mod resource;
mod service;
mod table;
mod text;
mod value;

use std::ops::Range;

use irsa_chain::Cause;
use irsa_policy::Mismatch;

pub use self::table::table;
use crate::web_identity;

/// An entry of [`table`].
#[derive(Debug)]
pub struct CommonMistake {
    /// A stable ID. Entries for different elements can share it.
    pub id: &'static str,
    /// The element with the mistake.
    pub element: Element,
    /// A description of the mistake and of the correct form.
    pub sentence: &'static str,
    /// The cause in the chain, if the text alone makes it certain.
    pub cause: Option<Cause>,
    test: fn(&Part<'_>, &str) -> Option<Suggestion>,
}

/// An element of a statement that can have a mistake.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Element {
    /// A name in `Principal`.
    Principal,
    /// A name in `Action`.
    Action,
    /// An ARN in `Resource`.
    Resource,
    /// The key of a condition.
    ConditionKey,
    /// A value of a condition.
    ConditionValue,
}

/// An element of a statement, with what is known about the request and the rest of the statement.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Part<'a> {
    /// `Principal`.
    Principal {
        names: &'a [String],
        /// The caller, which the names do not include.
        caller: Option<&'a str>,
    },
    /// `Action`.
    Action {
        names: &'a [String],
        /// Whether the statement is for exchanging tokens.
        is_for_tokens: bool,
    },
    /// `Resource`.
    Resource {
        actions: &'a [String],
        arns: &'a [String],
        /// The requested resource, which the ARNs do not include.
        requested: Option<&'a str>,
    },
    /// A key of an operator.
    Condition {
        operator: &'a str,
        key: &'a str,
        values: &'a [String],
        /// The values of the key in the request.
        actual: RequestValues<'a>,
    },
}

/// The values of a condition key in the request.
#[derive(Debug, Clone, Copy)]
pub(crate) enum RequestValues<'a> {
    /// There is no request.
    NoRequest,
    /// The request does not have the key.
    Absent,
    /// The values.
    Values(&'a [String]),
}

/// A mistake in the text of a policy.
#[derive(Debug, Clone)]
pub(crate) struct Mistake {
    pub(crate) entry: &'static CommonMistake,
    /// The text in the policy.
    pub(crate) about: String,
    /// The suggested replacement, if it is certain.
    pub(crate) instead: Option<String>,
}

/// The result of a test that found a mistake: the suggested replacement, if it is certain.
pub(crate) type Suggestion = Option<String>;

// === impl Part ===

impl<'a> Part<'a> {
    /// The mistakes in the values, in their order.
    pub(crate) fn mistakes(&self) -> Vec<Mistake> {
        let values = self.values();
        let mistakes = values
            .into_iter()
            .filter_map(|(element, text)| self.mistake(element, text));
        mistakes.collect()
    }

    fn mistake(&self, element: Element, text: &str) -> Option<Mistake> {
        let mut entries = table().filter(|entry| entry.element == element);
        entries.find_map(|entry| {
            (entry.test)(self, text).map(|instead| Mistake {
                entry,
                about: text.to_owned(),
                instead,
            })
        })
    }

    fn values(&self) -> Vec<(Element, &'a str)> {
        let all = |element, texts: &'a [String]| {
            texts
                .iter()
                .map(move |text| (element, text.as_str()))
                .collect::<Vec<_>>()
        };
        match *self {
            Self::Principal { names, .. } => all(Element::Principal, names),
            Self::Action { names, .. } => all(Element::Action, names),
            Self::Resource { arns, .. } => all(Element::Resource, arns),
            Self::Condition { key, values, .. } => {
                let values = all(Element::ConditionValue, values);
                [(Element::ConditionKey, key)]
                    .into_iter()
                    .chain(values)
                    .collect()
            }
        }
    }
}

/// The mistakes that explain a mismatch with a request for `action`.
pub(crate) fn for_mismatch(mismatch: &Mismatch, action: &str) -> Vec<Mistake> {
    match mismatch {
        Mismatch::Principal { expected, actual } => Part::Principal {
            names: expected,
            caller: Some(actual),
        }
        .mistakes(),
        Mismatch::Action { expected, .. } => Part::Action {
            names: expected,
            is_for_tokens: web_identity::is_exchange(action),
        }
        .mistakes(),
        Mismatch::Resource {
            expected, actual, ..
        } => Part::Resource {
            actions: &[action.to_owned()],
            arns: expected,
            requested: actual.as_deref(),
        }
        .mistakes(),
        Mismatch::Condition {
            operator,
            key,
            expected,
            actual,
        } => Part::Condition {
            operator,
            key,
            values: expected,
            actual: actual
                .as_deref()
                .map_or(RequestValues::Absent, RequestValues::Values),
        }
        .mistakes(),
        _ => Vec::new(),
    }
}

impl Mistake {
    /// The suggestion, if there is one, and the description.
    pub(crate) fn help(&self) -> String {
        let question = self
            .question()
            .map_or_else(String::new, |question| question + " ");
        question + self.entry.sentence
    }

    pub(crate) fn question(&self) -> Option<String> {
        let instead = self.instead.as_ref()?;
        Some(format!("did you mean `{instead}`?"))
    }
}

/// The byte range of the text `about`: in the element or, for the key of a condition, just before it.
pub(crate) fn span(
    text: &str,
    statement: &Range<usize>,
    element: &Range<usize>,
    about: &str,
) -> Range<usize> {
    let written = serde_json::to_string(about).unwrap_or_default();
    if about.is_empty() {
        return element.clone();
    }
    let within = text
        .get(element.clone())
        .and_then(|part| part.find(&written));
    let within = within.map(|at| element.start + at);
    let before = || {
        let part = text.get(statement.start..element.start)?;
        part.rfind(&written).map(|at| statement.start + at)
    };
    match within.or_else(before) {
        Some(start) => start..start + written.len(),
        None => element.clone(),
    }
}

#[cfg(test)]
mod tests;
