//! What a condition asks of the values that a request has for its key, whatever the family.

use std::fmt;

use crate::Context;

/// One key of one operator, compiled.
#[derive(Debug)]
pub(super) enum Test {
    /// `Null`: whether the key may be absent, present, or both.
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
    /// Whether any of them matches this value of the request, whose context fills in variables.
    fn any_matches(&self, was: &str, context: &Context) -> bool;
}

/// How many of the request's values must match.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Quantifier {
    /// No set operator. IAM leaves open what that means for a key of several values: here, any
    /// of them may match, and for a negated operator none may.
    Plain,
    ForAllValues,
    ForAnyValue,
}

impl Test {
    /// Whether the condition holds for a key with these values; without any, the key is absent.
    pub(super) fn holds(&self, was: &[String], context: &Context) -> bool {
        match self {
            Self::Null { absent, .. } if was.is_empty() => *absent,
            Self::Null { present, .. } => *present,
            Self::Compare(compare) => compare.holds(was, context),
        }
    }
}

impl Compare {
    fn holds(&self, was: &[String], context: &Context) -> bool {
        if was.is_empty() && self.if_exists {
            return true;
        }
        let matches = |value: &String| self.values.any_matches(value, context);
        let agrees = |value: &String| matches(value) != self.negated;
        match self.quantifier {
            Quantifier::Plain => was.iter().any(matches) != self.negated,
            Quantifier::ForAllValues => is_null_set(was) || was.iter().all(agrees),
            Quantifier::ForAnyValue => !is_null_set(was) && was.iter().any(agrees),
        }
    }
}

/// To the set operators, empty strings are no values.
fn is_null_set(was: &[String]) -> bool {
    was.iter().all(String::is_empty)
}
