//! `Resource` and `NotResource` (IAM User Guide, "Resource", "NotResource").

use std::ops::Range;

use irsa_chain::Partition;

use crate::arn::Arn;
use crate::arn_pattern::ArnPattern;
use crate::grammar::Grammar;
use crate::json_cursor::{Choice, Node};
use crate::prepared_request::PreparedRequest;
use crate::template::Template;
use crate::{Context, Effect, ElementView, Mismatch, PolicyError};

/// Resource ARN patterns, which are case-sensitive.
#[derive(Debug)]
pub(crate) struct Resources {
    element: &'static str,
    negated: bool,
    written: Vec<String>,
    patterns: Vec<Pattern>,
    /// The keys of policy variables, in lower case.
    keys: Vec<Box<str>>,
}

#[derive(Debug)]
enum Pattern {
    Everything,
    Arn(Box<ArnPattern>),
}

impl Resources {
    pub(crate) fn parse(choice: &Choice<'_>, grammar: Grammar) -> Result<Self, PolicyError> {
        let mut resources = Self {
            element: choice.element,
            negated: choice.negated,
            written: Vec::new(),
            patterns: Vec::new(),
            keys: Vec::new(),
        };
        for node in choice.node.items()? {
            let pattern = node.text()?;
            let (compiled, keys) = Pattern::parse(&node, pattern, grammar)?;
            resources.keys.extend(keys);
            resources.patterns.push(compiled);
            resources.written.push(pattern.to_owned());
        }
        Ok(resources)
    }

    /// Returns whether the resource of the request matches; `effect` is the effect of the statement.
    pub(crate) fn matches(&self, prepared: &PreparedRequest<'_>, effect: Effect) -> bool {
        if let Some(may_match) = self.may_match_unknown(prepared, effect) {
            return may_match;
        }
        self.matches_known(prepared, effect)
    }

    fn matches_known(&self, prepared: &PreparedRequest<'_>, effect: Effect) -> bool {
        let resource = prepared.resource.as_ref();
        let context = prepared.request.context;
        let context = context.for_patterns(&self.keys, effect, self.negated);
        self.patterns
            .iter()
            .any(|pattern| pattern.matches(resource, &context))
            != self.negated
    }

    /// Returns whether the patterns may match a resource with unknown parts, if the statement is assumed to match
    /// whenever possible. Otherwise the placeholder is matched as text: only wildcards cover it, so a match is certain.
    fn may_match_unknown(&self, prepared: &PreparedRequest<'_>, effect: Effect) -> Option<bool> {
        let resource = prepared.request.resource?;
        let (placeholder, wants_match) = prepared.request.context.unknown_part(resource, effect)?;
        if wants_match == self.negated {
            return None;
        }
        let resource = resource.replace(placeholder, "*");
        let mut patterns = self.written.iter().filter_map(|pattern| complete(pattern));
        let may_match = patterns.any(|pattern| overlaps(&any_variable(&pattern), &resource));
        Some(may_match != self.negated)
    }

    pub(crate) fn keys(&self) -> impl Iterator<Item = &str> {
        self.keys.iter().map(|key| &**key)
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

    pub(crate) fn mismatch(
        &self,
        prepared: &PreparedRequest<'_>,
        effect: Effect,
    ) -> Option<Mismatch> {
        (!self.matches(prepared, effect)).then(|| Mismatch::Resource {
            element: self.element,
            expected: self.written.clone(),
            actual: prepared.request.resource.map(str::to_owned),
        })
    }
}

impl Pattern {
    /// Returns the pattern and the keys of its variables.
    fn parse(
        node: &Node<'_>,
        pattern: &str,
        grammar: Grammar,
    ) -> Result<(Self, Vec<Box<str>>), PolicyError> {
        if pattern == "*" {
            return Ok((Self::Everything, Vec::new()));
        }
        let whole = complete(pattern);
        let arn = whole.as_deref().and_then(Arn::parse);
        let Some(arn) = arn else {
            return Err(node.invalid(pattern, "an ARN or `*`"));
        };
        if arn.service.is_empty() || arn.service.contains(['*', '?', '$']) {
            return Err(node.invalid(
                pattern,
                "an ARN with a service, which cannot have wildcards",
            ));
        }
        if arn.partition != "*" && arn.partition.parse::<Partition>().is_err() {
            return Err(node.invalid(
                pattern,
                "an ARN with a known partition, such as `aws`, or `*`",
            ));
        }
        // IAM accepts a variable before the fifth colon but does not replace it, so it matches no region or account.
        let resource = if grammar.variables {
            Template::parse(arn.resource).map_err(|problem| node.fail(problem))?
        } else {
            Template::plain(arn.resource)
        };
        let keys = resource.keys().map(Box::from).collect();
        let compiled = ArnPattern::with_resource(arn.text, |_| resource);
        let compiled = compiled.map(|pattern| (Self::Arn(Box::new(pattern)), keys));
        compiled.ok_or_else(|| node.invalid(pattern, "an ARN or `*`"))
    }

    fn matches(&self, resource: Option<&Arn<'_>>, context: &Context) -> bool {
        match self {
            Self::Everything => true,
            Self::Arn(pattern) => resource.is_some_and(|arn| pattern.matches_across(arn, context)),
        }
    }
}

/// Returns whether a value of `Resource`, without policy variables, covers a resource.
pub fn covers(pattern: &str, resource: &str) -> bool {
    let matches = |whole: String| {
        let pattern = ArnPattern::parse(&whole)?;
        Some(pattern.matches_across(&Arn::parse(resource)?, &Context::new()))
    };
    pattern == "*" || complete(pattern).and_then(matches) == Some(true)
}

/// Returns whether a text exists that matches both patterns. Both may contain `*` and `?`.
fn overlaps(one: &str, other: &str) -> bool {
    let (one, other): (Vec<char>, Vec<char>) = (one.chars().collect(), other.chars().collect());
    // The positions in `other` that can be reached after the characters of `one` so far.
    let mut reached: Vec<bool> = vec![false; other.len() + 1];
    if let Some(start) = reached.first_mut() {
        *start = true;
    }
    pass_stars(&mut reached, &other);
    for char in one {
        reached = step(&reached, char, &other);
    }
    reached.last() == Some(&true)
}

/// Extends the reached positions past each `*` of the other pattern, which may match the empty text.
fn pass_stars(reached: &mut [bool], other: &[char]) {
    let mut before = false;
    for (place, is_reached) in reached.iter_mut().enumerate() {
        let is_star = place.checked_sub(1).and_then(|at| other.get(at)) == Some(&'*');
        *is_reached |= before && is_star;
        before = *is_reached;
    }
}

fn step(reached: &[bool], char: char, other: &[char]) -> Vec<bool> {
    let at = |place: usize| reached.get(place).copied().unwrap_or_default();
    let mut next = vec![false; reached.len()];
    let mut is_any_before = false;
    for (place, is_next) in next.iter_mut().enumerate() {
        is_any_before |= at(place);
        let last = place.checked_sub(1).and_then(|before| other.get(before));
        let is_same = |last: &char| *last == char || *last == '?' || char == '?';
        *is_next = if char == '*' {
            is_any_before
        } else {
            last.is_some_and(|last| match last {
                '*' => at(place) || at(place - 1),
                last => at(place - 1) && is_same(last),
            })
        };
    }
    pass_stars(&mut next, other);
    next
}

/// Replaces the policy variables of a pattern with `*`.
fn any_variable(pattern: &str) -> String {
    let mut parts = pattern.split("${");
    let mut text = parts.next().unwrap_or_default().to_owned();
    for part in parts {
        let rest = part.split_once('}').map_or("", |(_, rest)| rest);
        text = text + "*" + rest;
    }
    text
}

/// Completes an ARN of fewer than six parts with `*`, as IAM does, unless one of its parts is empty.
fn complete(pattern: &str) -> Option<String> {
    let parts = pattern.split(':').count();
    match parts {
        6.. => Some(pattern.to_owned()),
        _ if pattern.split(':').any(str::is_empty) => None,
        _ => Some(pattern.to_owned() + &":*".repeat(6 - parts)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn patterns_overlap_if_a_text_matches_both() {
        for (one, other, expected) in [
            ("a", "a", true),
            ("a", "b", false),
            ("a*", "*b", true),
            ("a*c", "a*b", false),
            ("*", "", true),
            ("?", "", false),
            ("?b", "a*", true),
            ("dbuser:cluster-ABC/app", "dbuser:*/app", true),
            ("dbuser:cluster-ABC/admin", "dbuser:*/app", false),
            ("dbuser:*/a*", "dbuser:*/app", true),
            ("db:x", "dbuser:*", false),
            ("*x*y*", "*z*", true),
        ] {
            assert_eq!(overlaps(one, other), expected, "{one} {other}");
            assert_eq!(overlaps(other, one), expected, "{other} {one}");
        }
        assert_eq!(any_variable("a/${aws:username}/b"), "a/*/b");
    }
}
