//! `String…` operators (IAM User Guide, "String condition operators").

use super::comparison::{Comparison, Compile};
use super::test::Values;
use crate::Context;
use crate::steps;
use crate::template::{Pattern, Template};

pub(super) const COMPARISONS: &[Comparison] = &[
    Comparison::positive("StringEquals", EQUALS),
    Comparison::negated("StringNotEquals", EQUALS),
    Comparison::positive("StringEqualsIgnoreCase", EQUALS_IGNORE_CASE),
    Comparison::negated("StringNotEqualsIgnoreCase", EQUALS_IGNORE_CASE),
    Comparison::positive("StringLike", LIKE),
    Comparison::negated("StringNotLike", LIKE),
];

const EQUALS: Compile = Compile::Templates(|values| {
    let (constants, templates): (Vec<_>, Vec<_>) =
        values.into_iter().partition(|value| !value.has_variables());
    let texts = constants
        .iter()
        .filter_map(|value| value.fill(&Context::new(), 0));
    let mut texts: Vec<String> = texts.collect();
    texts.sort_unstable();
    Ok(Box::new(Equals { texts, templates }))
});

const EQUALS_IGNORE_CASE: Compile =
    Compile::Templates(|values| Ok(Box::new(EqualsIgnoreCase(values))));

const LIKE: Compile = Compile::Templates(|values| {
    let patterns = values.into_iter().map(Pattern::new);
    Ok(Box::new(Like(patterns.collect())))
});

#[derive(Debug)]
struct Equals {
    /// The values without variables, sorted.
    texts: Vec<String>,
    templates: Vec<Template>,
}

#[derive(Debug)]
struct EqualsIgnoreCase(Vec<Template>);

#[derive(Debug)]
struct Like(Vec<Pattern>);

impl Values for Equals {
    fn any_matches(&self, actual: &str, context: &Context) -> bool {
        let mut templates = self.templates.iter();
        let compare = |text: &String| {
            steps::add(1);
            text.as_str().cmp(actual)
        };
        self.texts.binary_search_by(compare).is_ok()
            || templates.any(|value| value.is(actual, context))
    }
}

impl Values for EqualsIgnoreCase {
    fn any_matches(&self, actual: &str, context: &Context) -> bool {
        let actual = actual.to_lowercase();
        // A character has at most four bytes in either case.
        let limit = actual.len().saturating_mul(4);
        let mut values = self.0.iter().filter_map(|value| value.fill(context, limit));
        values.any(|value| value.to_lowercase() == actual)
    }
}

impl Values for Like {
    fn any_matches(&self, actual: &str, context: &Context) -> bool {
        self.0
            .iter()
            .any(|pattern| pattern.matches(actual, context))
    }
}
