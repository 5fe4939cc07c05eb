//! `Action` and `NotAction` (IAM User Guide, "Action", "NotAction").

use std::ops::Range;

use crate::call::Call;
use crate::glob::Glob;
use crate::json_cursor::{Choice, Node};
use crate::policy::Grammar;
use crate::{ElementView, Mismatch, PolicyError, PolicyKind};

/// Patterns of actions, the same in upper and lower case.
#[derive(Debug)]
pub(crate) struct Actions {
    element: &'static str,
    negated: bool,
    written: Vec<String>,
    globs: Vec<Glob>,
}

impl Actions {
    pub(crate) fn parse(choice: &Choice<'_>, grammar: Grammar) -> Result<Self, PolicyError> {
        let mut written = Vec::new();
        for node in choice.node.items()? {
            let pattern = node.text()?;
            check(&node, pattern, grammar)?;
            written.push(pattern.to_owned());
        }
        Ok(Self {
            element: choice.element,
            negated: choice.negated,
            globs: written
                .iter()
                .map(|pattern| Glob::new(&pattern.to_ascii_lowercase()))
                .collect(),
            written,
        })
    }

    pub(crate) fn matches(&self, call: &Call<'_>) -> bool {
        self.globs.iter().any(|glob| glob.matches(&call.action)) != self.negated
    }

    pub(crate) fn view(&self, span: Range<usize>) -> ElementView<'_> {
        ElementView {
            name: self.element,
            values: &self.written,
            span,
        }
    }

    /// Only `*`.
    pub(crate) fn are_everything(&self) -> bool {
        !self.negated && self.written == ["*"]
    }

    pub(crate) fn mismatch(&self, call: &Call<'_>) -> Option<Mismatch> {
        (!self.matches(call)).then(|| Mismatch::Action {
            element: self.element,
            expected: self.written.clone(),
            was: call.request.action.to_owned(),
        })
    }
}

/// IAM refuses the same: a service prefix without wildcards and one colon, or `*` alone. A name that
/// no action has, be it empty or with spaces, it takes.
fn check(node: &Node<'_>, pattern: &str, grammar: Grammar) -> Result<(), PolicyError> {
    let (prefix, name) = match pattern {
        "*" => ("*", "*"),
        _ => pattern.split_once(':').unwrap_or(("", pattern)),
    };
    let is_prefix = |byte: u8| byte.is_ascii_alphanumeric() || b"-.".contains(&byte);
    let is_name = |byte: u8| matches!(byte, b' '..=b'~') && !b":${}\"".contains(&byte);
    if prefix.is_empty() || !(prefix == "*" || prefix.bytes().all(is_prefix)) {
        return Err(node.invalid(
            pattern,
            "an action, `SERVICE:NAME` with wildcards in the name only",
        ));
    }
    if !name.bytes().all(is_name) {
        return Err(node.invalid(pattern, "an action, `SERVICE:NAME`"));
    }
    if grammar.kind == PolicyKind::Trust && !prefix.eq_ignore_ascii_case("sts") {
        return Err(node.invalid(pattern, "an `sts:` action, and a trust policy has no other"));
    }
    Ok(())
}
