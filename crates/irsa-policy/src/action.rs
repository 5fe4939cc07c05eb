//! `Action` and `NotAction` (IAM User Guide, "Action", "NotAction").

use std::ops::Range;

use crate::glob::Glob;
use crate::grammar::Grammar;
use crate::json_cursor::{Choice, Node};
use crate::prepared_request::PreparedRequest;
use crate::{ElementView, Mismatch, PolicyError, PolicyKind};

/// Action patterns, which are case-insensitive.
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

    pub(crate) fn matches(&self, prepared: &PreparedRequest<'_>) -> bool {
        self.globs.iter().any(|glob| glob.matches(&prepared.action)) != self.negated
    }

    pub(crate) fn view(&self, span: Range<usize>) -> ElementView<'_> {
        ElementView {
            name: self.element,
            values: &self.written,
            span,
        }
    }

    /// Returns whether the element is exactly `*`.
    pub(crate) fn are_everything(&self) -> bool {
        !self.negated && self.written == ["*"]
    }

    pub(crate) fn mismatch(&self, prepared: &PreparedRequest<'_>) -> Option<Mismatch> {
        (!self.matches(prepared)).then(|| Mismatch::Action {
            element: self.element,
            expected: self.written.clone(),
            actual: prepared.request.action.to_owned(),
        })
    }
}

/// Accepts what IAM accepts: `*`, or a service prefix without wildcards, one colon and a name. IAM also accepts names
/// that no action has, even empty ones and names with spaces.
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
            "an action: expected `SERVICE:NAME`, with wildcards only in the name",
        ));
    }
    if !name.bytes().all(is_name) {
        return Err(node.invalid(pattern, "an action: expected `SERVICE:NAME`"));
    }
    if grammar.kind == PolicyKind::Trust && !prefix.eq_ignore_ascii_case("sts") {
        return Err(node.invalid(
            pattern,
            "an `sts:` action, the only actions of a trust policy",
        ));
    }
    Ok(())
}
