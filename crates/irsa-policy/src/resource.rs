//! `Resource` and `NotResource` (IAM User Guide, "Resource", "NotResource").

use std::ops::Range;

use irsa_chain::Partition;

use crate::arn::{Arn, ArnPattern};
use crate::call::Call;
use crate::node::{Choice, Node};
use crate::policy::Grammar;
use crate::template::Template;
use crate::{Context, Effect, ElementView, Mismatch, PolicyError};

/// Patterns of resource ARNs; case-sensitive.
#[derive(Debug)]
pub(crate) struct Resources {
    element: &'static str,
    negated: bool,
    written: Vec<String>,
    patterns: Vec<Pattern>,
    /// The keys of variables, in lower case.
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

    /// `effect`: that of the statement.
    pub(crate) fn matches(&self, call: &Call<'_>, effect: Effect) -> bool {
        let resource = call.resource.as_ref();
        let context = call.request.context;
        let context = context.for_patterns(&self.keys, effect, self.negated);
        self.patterns
            .iter()
            .any(|pattern| pattern.matches(resource, &context))
            != self.negated
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

    /// Only `*`.
    pub(crate) fn are_everything(&self) -> bool {
        !self.negated && self.written == ["*"]
    }

    pub(crate) fn mismatch(&self, call: &Call<'_>, effect: Effect) -> Option<Mismatch> {
        (!self.matches(call, effect)).then(|| Mismatch::Resource {
            element: self.element,
            expected: self.written.clone(),
            was: call.request.resource.map(str::to_owned),
        })
    }
}

impl Pattern {
    /// The pattern, and the keys of its variables.
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
            return Err(node.invalid(pattern, "an ARN that names its service, without wildcards"));
        }
        if arn.partition != "*" && arn.partition.parse::<Partition>().is_err() {
            return Err(node.invalid(pattern, "an ARN with a partition such as `aws`, or `*`"));
        }
        // IAM takes a variable before the fifth colon too, and it is never filled in there: no region
        // and no account looks like it.
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

/// Whether a value of `Resource` without policy variables covers a resource.
pub fn covers(pattern: &str, resource: &str) -> bool {
    let matches = |whole: String| {
        let pattern = ArnPattern::parse(&whole)?;
        Some(pattern.matches_across(&Arn::parse(resource)?, &Context::new()))
    };
    pattern == "*" || complete(pattern).and_then(matches) == Some(true)
}

/// IAM fills an ARN of fewer than six parts up with `*`, unless one of its parts is empty.
fn complete(pattern: &str) -> Option<String> {
    let parts = pattern.split(':').count();
    match parts {
        6.. => Some(pattern.to_owned()),
        _ if pattern.split(':').any(str::is_empty) => None,
        _ => Some(pattern.to_owned() + &":*".repeat(6 - parts)),
    }
}
