//! The common mistakes: policy text that IAM accepts and that never matches what its author meant.
//!
//! [`table`] is the only list of them: `irsa policy explain` and `irsa policy lint` print its sentences, and
//! [`trust_cause`](crate::trust_cause) names its causes, for the doctor and for the lab. The tests of an entry are in
//! the module of the element that it is about.

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
    /// A stable name; an entry for a second element may share it.
    pub id: &'static str,
    /// The element that it is about.
    pub element: Element,
    /// What is wrong, and what is right.
    pub sentence: &'static str,
    /// The cause of the chain that it is, if that is certain from the text alone.
    pub cause: Option<Cause>,
    test: fn(&Part<'_>, &str) -> Option<Found>,
}

/// What a mistake is about.
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

/// An element of a statement, with what is known of the request or of the rest of the statement.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Part<'a> {
    /// `Principal`.
    Principal {
        names: &'a [String],
        /// The caller that is not among them.
        caller: Option<&'a str>,
    },
    /// `Action`.
    Action {
        names: &'a [String],
        /// The statement is meant for the exchange of tokens.
        is_for_tokens: bool,
    },
    /// `Resource`.
    Resource {
        actions: &'a [String],
        arns: &'a [String],
        /// The resource that is not among them.
        requested: Option<&'a str>,
    },
    /// A key of an operator.
    Condition {
        operator: &'a str,
        key: &'a str,
        values: &'a [String],
        /// What the request has under this key, if it is known.
        was: Was<'a>,
    },
}

/// What a request has under the key of a condition.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Was<'a> {
    /// There is no request.
    NotAsked,
    /// It lacks the key.
    Absent,
    /// These values.
    Values(&'a [String]),
}

/// A mistake in the text of a policy.
#[derive(Debug, Clone)]
pub(crate) struct Mistake {
    pub(crate) entry: &'static CommonMistake,
    /// The text in the policy that it is about.
    pub(crate) about: String,
    /// What was meant, if that is certain.
    pub(crate) instead: Option<String>,
}

/// What a test found: the text that was meant, if that is certain.
pub(crate) type Found = Option<String>;

// === impl Part ===

impl<'a> Part<'a> {
    /// The mistakes of the values, in their order.
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

/// The mistakes that keep a statement from matching `action`.
pub(crate) fn for_mismatch(mismatch: &Mismatch, action: &str) -> Vec<Mistake> {
    match mismatch {
        Mismatch::Principal { expected, was } => Part::Principal {
            names: expected,
            caller: Some(was),
        }
        .mistakes(),
        Mismatch::Action { expected, .. } => Part::Action {
            names: expected,
            is_for_tokens: web_identity::is_exchange(action),
        }
        .mistakes(),
        Mismatch::Resource { expected, was, .. } => Part::Resource {
            actions: &[action.to_owned()],
            arns: expected,
            requested: was.as_deref(),
        }
        .mistakes(),
        Mismatch::Condition {
            operator,
            key,
            expected,
            was,
        } => Part::Condition {
            operator,
            key,
            values: expected,
            was: was.as_deref().map_or(Was::Absent, Was::Values),
        }
        .mistakes(),
        _ => Vec::new(),
    }
}

impl Mistake {
    /// What was meant, if that is certain, and why.
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

/// Where the text `about` stands: in the element, or, as the key of a condition, just before it.
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
