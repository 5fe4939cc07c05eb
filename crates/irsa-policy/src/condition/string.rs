//! `String…` operators (IAM User Guide, "String condition operators").

use super::operator::{Comparison, Compile};
use super::test::Values;
use crate::glob::Glob;

pub(super) const COMPARISONS: &[Comparison] = &[
    Comparison::positive("StringEquals", EQUALS),
    Comparison::negated("StringNotEquals", EQUALS),
    Comparison::positive("StringEqualsIgnoreCase", EQUALS_IGNORE_CASE),
    Comparison::negated("StringNotEqualsIgnoreCase", EQUALS_IGNORE_CASE),
    Comparison::positive("StringLike", LIKE),
    Comparison::negated("StringNotLike", LIKE),
];

const EQUALS: Compile = |values| Ok(Box::new(Equals(values.to_vec())));

const EQUALS_IGNORE_CASE: Compile = |values| {
    let lowercase = values.iter().map(|value| value.to_lowercase());
    Ok(Box::new(EqualsIgnoreCase(lowercase.collect())))
};

const LIKE: Compile = |values| {
    let globs = values.iter().map(|value| Glob::new(value));
    Ok(Box::new(Like(globs.collect())))
};

#[derive(Debug)]
struct Equals(Vec<String>);

#[derive(Debug)]
struct EqualsIgnoreCase(Vec<String>);

#[derive(Debug)]
struct Like(Vec<Glob>);

impl Values for Equals {
    fn any_matches(&self, was: &str) -> bool {
        self.0.iter().any(|value| value == was)
    }
}

impl Values for EqualsIgnoreCase {
    fn any_matches(&self, was: &str) -> bool {
        self.0.contains(&was.to_lowercase())
    }
}

impl Values for Like {
    fn any_matches(&self, was: &str) -> bool {
        self.0.iter().any(|glob| glob.matches(was))
    }
}
