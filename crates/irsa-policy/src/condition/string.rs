//! `String…` operators (IAM User Guide, "String condition operators").

use super::operator::{Comparison, Compile};
use super::test::Values;
use crate::Context;
use crate::template::{Pattern, Template};

pub(super) const COMPARISONS: &[Comparison] = &[
    Comparison::positive("StringEquals", EQUALS),
    Comparison::negated("StringNotEquals", EQUALS),
    Comparison::positive("StringEqualsIgnoreCase", EQUALS_IGNORE_CASE),
    Comparison::negated("StringNotEqualsIgnoreCase", EQUALS_IGNORE_CASE),
    Comparison::positive("StringLike", LIKE),
    Comparison::negated("StringNotLike", LIKE),
];

const EQUALS: Compile = Compile::Templates(|values| Ok(Box::new(Equals(values))));

const EQUALS_IGNORE_CASE: Compile =
    Compile::Templates(|values| Ok(Box::new(EqualsIgnoreCase(values))));

const LIKE: Compile = Compile::Templates(|values| {
    let patterns = values.into_iter().map(Pattern::new);
    Ok(Box::new(Like(patterns.collect())))
});

#[derive(Debug)]
struct Equals(Vec<Template>);

#[derive(Debug)]
struct EqualsIgnoreCase(Vec<Template>);

#[derive(Debug)]
struct Like(Vec<Pattern>);

impl Values for Equals {
    fn any_matches(&self, was: &str, context: &Context) -> bool {
        self.0.iter().any(|value| value.is(was, context))
    }
}

impl Values for EqualsIgnoreCase {
    fn any_matches(&self, was: &str, context: &Context) -> bool {
        let was = was.to_lowercase();
        let mut values = self.0.iter().filter_map(|value| value.fill(context));
        values.any(|value| value.to_lowercase() == was)
    }
}

impl Values for Like {
    fn any_matches(&self, was: &str, context: &Context) -> bool {
        self.0.iter().any(|pattern| pattern.matches(was, context))
    }
}
