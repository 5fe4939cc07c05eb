//! `Arn…` operators (IAM User Guide, "Amazon Resource Name (ARN) condition operators").
//!
//! `ArnEquals` and `ArnLike` are the same: each of the six parts is compared by itself, and each
//! may have wildcards.

use super::operator::{Comparison, Compile};
use super::test::Values;
use crate::arn::{Arn, ArnPattern};
use crate::template::Template;
use crate::{Context, Problem};

pub(super) const COMPARISONS: &[Comparison] = &[
    Comparison::positive("ArnEquals", LIKE),
    Comparison::positive("ArnLike", LIKE),
    Comparison::negated("ArnNotEquals", LIKE),
    Comparison::negated("ArnNotLike", LIKE),
];

const LIKE: Compile = Compile::Templates(|values| {
    let patterns: Result<_, _> = values.into_iter().map(Value::new).collect();
    Ok(Box::new(Like(patterns?)))
});

#[derive(Debug)]
struct Like(Vec<Value>);

#[derive(Debug)]
enum Value {
    Ready(Box<ArnPattern>),
    Open(Template),
}

impl Values for Like {
    fn any_matches(&self, was: &str, context: &Context) -> bool {
        Arn::parse(was).is_some_and(|arn| self.0.iter().any(|value| value.matches(&arn, context)))
    }
}

impl Value {
    fn new(template: Template) -> Result<Self, Problem> {
        if template.has_variables() {
            return Ok(Self::Open(template));
        }
        let pattern = pattern(&template, &Context::new(), 0);
        let pattern = pattern.ok_or_else(|| Problem::Invalid {
            value: template.fill(&Context::new(), 0).unwrap_or_default(),
            expected: "an ARN of six parts",
        })?;
        Ok(Self::Ready(Box::new(pattern)))
    }

    fn matches(&self, arn: &Arn<'_>, context: &Context) -> bool {
        match self {
            Self::Ready(pattern) => pattern.matches(arn, context),
            Self::Open(template) => pattern(template, context, arn.text.len())
                .is_some_and(|pattern| pattern.matches(arn, context)),
        }
    }
}

fn pattern(template: &Template, context: &Context, limit: usize) -> Option<ArnPattern> {
    ArnPattern::of(&template.tokens(context, limit)?)
}
