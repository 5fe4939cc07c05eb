//! Names of operators, and what they have in common.
//!
//! A family is a file with a table of [`Comparison`]s. To add one: write the file, add its table to
//! [`FAMILIES`], and take its names out of [`PLANNED`].

use std::fmt;

use super::{arn, boolean, string};
use crate::Problem;

const FAMILIES: [&[Comparison]; 3] = [string::COMPARISONS, arn::COMPARISONS, boolean::COMPARISONS];

/// Operators that IAM has and this crate does not evaluate yet.
const PLANNED: [&str; 15] = [
    "BinaryEquals",
    "DateEquals",
    "DateGreaterThan",
    "DateGreaterThanEquals",
    "DateLessThan",
    "DateLessThanEquals",
    "DateNotEquals",
    "IpAddress",
    "NotIpAddress",
    "NumericEquals",
    "NumericGreaterThan",
    "NumericGreaterThanEquals",
    "NumericLessThan",
    "NumericLessThanEquals",
    "NumericNotEquals",
];

/// How one operator of a family compares.
pub(super) struct Comparison {
    /// The operator's name without prefix and suffix.
    name: &'static str,
    /// `Not`: holds if no value of the policy matches.
    negated: bool,
    /// Compiles all values that the policy lists for one key.
    compile: Compile,
}

pub(super) type Compile = fn(&[String]) -> Result<Box<dyn Values>, Problem>;

/// The compiled values of the policy for one key.
pub(super) trait Values: fmt::Debug + Send + Sync {
    /// Whether any of them matches this value of the request.
    fn any_matches(&self, was: &str) -> bool;
}

/// An operator as written: `ForAnyValue:StringLikeIfExists`.
pub(super) enum Operator {
    Null,
    Compare {
        quantifier: Quantifier,
        comparison: &'static Comparison,
        if_exists: bool,
    },
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

/// What a condition asks of the values that the request has for its key.
#[derive(Debug)]
pub(super) enum Test {
    /// `Null`: whether the key may be absent, present, or both.
    Null { absent: bool, present: bool },
    Compare {
        quantifier: Quantifier,
        negated: bool,
        if_exists: bool,
        values: Box<dyn Values>,
    },
}

impl Comparison {
    pub(super) const fn positive(name: &'static str, compile: Compile) -> Self {
        Self {
            name,
            negated: false,
            compile,
        }
    }

    pub(super) const fn negated(name: &'static str, compile: Compile) -> Self {
        Self {
            name,
            negated: true,
            compile,
        }
    }
}

impl Operator {
    pub(super) fn parse(name: &str) -> Result<Self, Problem> {
        let unknown = || Problem::UnknownOperator(name.to_owned());
        let (quantifier, rest) = match name.split_once(':') {
            None => (Quantifier::Plain, name),
            Some(("ForAllValues", rest)) => (Quantifier::ForAllValues, rest),
            Some(("ForAnyValue", rest)) => (Quantifier::ForAnyValue, rest),
            Some(_) => return Err(unknown()),
        };
        if rest == "Null" {
            return match quantifier {
                Quantifier::Plain => Ok(Self::Null),
                _ => Err(Problem::UnsupportedOperator(name.to_owned())),
            };
        }
        let (base, if_exists) = match rest.strip_suffix("IfExists") {
            Some(base) => (base, true),
            None => (rest, false),
        };
        let mut comparisons = FAMILIES.into_iter().flatten();
        match comparisons.find(|comparison| comparison.name == base) {
            Some(comparison) => Ok(Self::Compare {
                quantifier,
                comparison,
                if_exists,
            }),
            None if PLANNED.contains(&base) => Err(Problem::UnsupportedOperator(name.to_owned())),
            None => Err(unknown()),
        }
    }

    pub(super) fn compile(&self, values: &[String]) -> Result<Test, Problem> {
        match self {
            Self::Null => {
                let absent = boolean::parse_all(values)?;
                Ok(Test::Null {
                    absent: absent.contains(&true),
                    present: absent.contains(&false),
                })
            }
            Self::Compare {
                quantifier,
                comparison,
                if_exists,
            } => Ok(Test::Compare {
                quantifier: *quantifier,
                negated: comparison.negated,
                if_exists: *if_exists,
                values: (comparison.compile)(values)?,
            }),
        }
    }
}

impl Test {
    /// Whether the condition holds for a key with these values; without any, the key is absent.
    pub(super) fn holds(&self, was: &[String]) -> bool {
        let (quantifier, negated, if_exists, values) = match self {
            Self::Null { absent, present } => {
                return if was.is_empty() { *absent } else { *present };
            }
            Self::Compare {
                quantifier,
                negated,
                if_exists,
                values,
            } => (*quantifier, *negated, *if_exists, values),
        };
        if was.is_empty() && if_exists {
            return true;
        }
        let matches = |value: &String| values.any_matches(value);
        match quantifier {
            Quantifier::Plain => was.iter().any(matches) != negated,
            Quantifier::ForAllValues => {
                is_null_set(was) || was.iter().all(|value| matches(value) != negated)
            }
            Quantifier::ForAnyValue => {
                !is_null_set(was) && was.iter().any(|value| matches(value) != negated)
            }
        }
    }
}

/// To the set operators, empty strings are no values.
fn is_null_set(was: &[String]) -> bool {
    was.iter().all(String::is_empty)
}
