//! Comparison of ordered values, for `Numeric…` and `Date…` operators.

use std::cmp::Ordering;
use std::fmt;

use super::comparison::{Compiled, parse_all};
use super::test::Values;
use crate::Context;

/// An ordered type of values.
pub(super) trait Scale: Ord + fmt::Debug + Send + Sync + Sized + 'static {
    /// A description of valid values.
    const EXPECTED: &'static str;

    fn parse(text: &str) -> Option<Self>;
}

#[derive(Debug)]
struct Ordered<S> {
    values: Vec<S>,
    test: fn(Ordering) -> bool,
}

/// Compiles values to a test that matches if the request's value compares with one of them as `test` requires.
pub(super) fn compile<S: Scale>(values: &[String], test: fn(Ordering) -> bool) -> Compiled {
    let values = parse_all(values, S::EXPECTED, S::parse)?;
    Ok(Box::new(Ordered { values, test }))
}

impl<S: Scale> Values for Ordered<S> {
    fn any_matches(&self, actual: &str, _: &Context) -> bool {
        S::parse(actual).is_some_and(|actual| {
            self.values
                .iter()
                .any(|value| (self.test)(actual.cmp(value)))
        })
    }
}
