//! Names of operators, with their prefixes and suffixes.
//!
//! A family is a file with a table of [`Comparison`]s. To add one: write the file, add its table to
//! [`FAMILIES`], and take its names out of [`PLANNED`].

use super::test::{Compare, Quantifier, Test, Values};
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

/// An operator as written: `ForAnyValue:StringLikeIfExists`.
pub(super) enum Operator {
    Null,
    Compare {
        quantifier: Quantifier,
        comparison: &'static Comparison,
        if_exists: bool,
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
            } => Ok(Test::Compare(Compare {
                quantifier: *quantifier,
                negated: comparison.negated,
                if_exists: *if_exists,
                values: (comparison.compile)(values)?,
            })),
        }
    }
}
