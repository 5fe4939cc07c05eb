//! The classics: what is legal, matches nothing, and was meant otherwise.

mod condition;
mod resource;

use std::ops::Range;

use irsa_policy::Mismatch;

use condition::of_another;
pub(crate) use condition::{is_of_token, of_condition, of_principal, of_token_action};
use resource::of_instance;
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
        Mismatch::Principal { expected, was } => {
            let slips = expected.iter().filter_map(|name| of_principal(name));
            let slips: Vec<_> = slips.collect();
            match (slips.is_empty(), expected.as_slice()) {
                (true, [only]) => of_another(only, was).into_iter().collect(),
                _ => slips,
            }
        }
        Mismatch::Action { expected, .. } => {
            let of_token = |name: &String| is_of_token(action).then(|| of_token_action(name))?;
            let slips = expected.iter();
            slips
                .filter_map(|name| of_action(name).or_else(|| of_token(name)))
                .collect()
        }
        Mismatch::Resource { expected, was, .. } => {
            let of_instance = |name: &String| of_instance(name, was.as_deref()?);
            let slips = of_resources(&[action.to_owned()], expected);
            slips
                .into_iter()
                .chain(expected.iter().filter_map(of_instance))
                .collect()
        }
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
