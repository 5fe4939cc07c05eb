//! `Arn…` operators (IAM User Guide, "Amazon Resource Name (ARN) condition operators").
//!
//! `ArnEquals` and `ArnLike` are equivalent: each of the six parts is compared separately, and each can have wildcards.

use super::comparison::{Comparison, Compile};
use super::test::Values;
use crate::arn::Arn;
use crate::arn_pattern::ArnPattern;
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
    fn any_matches(&self, actual: &str, context: &Context) -> bool {
        Arn::parse(actual)
            .is_some_and(|arn| self.0.iter().any(|value| value.matches(&arn, context)))
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
            expected: "an ARN with six parts",
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
    ArnPattern::from_tokens(&template.tokens(context, limit)?)
}
