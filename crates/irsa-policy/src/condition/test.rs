//! The test of a condition on the values that the request has for its key, for all families of operators.

use std::fmt;

use crate::Context;

/// One key of one operator, compiled.
#[derive(Debug)]
pub(super) enum Test {
    /// `Null`: whether the condition holds for an absent and for a present key.
    Null {
        absent: bool,
        present: bool,
    },
    Compare(Compare),
}

#[derive(Debug)]
pub(super) struct Compare {
    pub(super) quantifier: Quantifier,
    pub(super) negated: bool,
    pub(super) if_exists: bool,
    pub(super) values: Box<dyn Values>,
}

/// The compiled values of the policy for one key.
pub(super) trait Values: fmt::Debug + Send + Sync {
    /// Returns whether any of them matches this value of the request; `context` provides the values of variables.
    fn any_matches(&self, actual: &str, context: &Context) -> bool;
}

/// How many of the values in the request must match.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Quantifier {
    /// No set operator. IAM does not document the result for a key with several values: here, any of them may match,
    /// and for a negated operator none of them may match.
    Plain,
    ForAllValues,
    ForAnyValue,
}

impl Test {
    /// Returns whether the condition holds for a key with these values. An absent key has no values.
    pub(super) fn holds(&self, actual: &[String], context: &Context) -> bool {
        match self {
            Self::Null { absent, .. } if actual.is_empty() => *absent,
            Self::Null { present, .. } => *present,
            Self::Compare(compare) => compare.holds(actual, context),
        }
    }
}

impl Compare {
    fn holds(&self, actual: &[String], context: &Context) -> bool {
        if actual.is_empty() && self.if_exists {
            return true;
        }
        let matches = |value: &String| self.values.any_matches(value, context);
        let agrees = |value: &String| matches(value) != self.negated;
        match self.quantifier {
            Quantifier::Plain => actual.iter().any(matches) != self.negated,
            Quantifier::ForAllValues => is_null_set(actual) || actual.iter().all(agrees),
            Quantifier::ForAnyValue => !is_null_set(actual) && actual.iter().any(agrees),
        }
    }
}

/// Returns whether there are no values other than empty strings, which set operators ignore.
fn is_null_set(actual: &[String]) -> bool {
    actual.iter().all(String::is_empty)
}
