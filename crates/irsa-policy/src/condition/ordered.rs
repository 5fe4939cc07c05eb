//! What `Numeric…` and `Date…` operators have in common: values in an order.

use std::cmp::Ordering;
use std::fmt;

use super::operator::{Compiled, parse_all};
use super::test::Values;
use crate::Context;

/// Values in an order.
pub(super) trait Scale: Ord + fmt::Debug + Send + Sync + Sized + 'static {
    /// What a value of the policy must be.
    const EXPECTED: &'static str;

    fn parse(text: &str) -> Option<Self>;
}

#[derive(Debug)]
struct Ordered<S> {
    values: Vec<S>,
    test: fn(Ordering) -> bool,
}

/// Matches a value of the request that stands to one of the policy's in such an order.
pub(super) fn compile<S: Scale>(values: &[String], test: fn(Ordering) -> bool) -> Compiled {
    let values = parse_all(values, S::EXPECTED, S::parse)?;
    Ok(Box::new(Ordered { values, test }))
}

impl<S: Scale> Values for Ordered<S> {
    fn any_matches(&self, was: &str, _: &Context) -> bool {
        S::parse(was).is_some_and(|was| self.values.iter().any(|value| (self.test)(was.cmp(value))))
    }
}
