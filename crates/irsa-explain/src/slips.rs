//! The classics: what is legal, matches nothing, and was meant otherwise.

mod condition;
mod resource;

use std::ops::Range;

use irsa_policy::Mismatch;

pub(crate) use condition::{of_condition, of_principal};
pub(crate) use resource::{of_action, of_resource};

/// Something that was surely meant otherwise.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Slip {
    /// A stable name.
    pub(crate) id: &'static str,
    /// What is wrong with it.
    pub(crate) what: &'static str,
    /// The text in the policy that it is about.
    pub(crate) about: String,
    /// What was meant, where that can be told.
    pub(crate) instead: Option<String>,
}

/// What keeps a statement from matching `action` and was surely meant otherwise.
pub(crate) fn of_mismatch(mismatch: &Mismatch, action: &str) -> Vec<Slip> {
    match mismatch {
        Mismatch::Principal { expected, .. } => expected
            .iter()
            .filter_map(|name| of_principal(name))
            .collect(),
        Mismatch::Action { expected, .. } => {
            expected.iter().filter_map(|name| of_action(name)).collect()
        }
        Mismatch::Resource { expected, .. } => of_resources(&[action.to_owned()], expected),
        Mismatch::Condition {
            operator,
            key,
            expected,
            ..
        } => of_condition(operator, key, expected),
        _ => Vec::new(),
    }
}

/// The slips of a statement's resources.
pub(crate) fn of_resources(actions: &[String], resources: &[String]) -> Vec<Slip> {
    resources
        .iter()
        .filter_map(|resource| of_resource(actions, resource, resources))
        .collect()
}

impl Slip {
    /// What was meant, where that can be told, and why.
    pub(crate) fn help(&self) -> String {
        let question = self
            .question()
            .map_or_else(String::new, |question| question + " ");
        question + self.what
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
