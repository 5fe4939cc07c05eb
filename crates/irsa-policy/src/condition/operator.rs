//! Names of operators, with their prefixes and suffixes.
//!
//! A family is a file with a table of [`Comparison`]s, listed in [`FAMILIES`].

use super::test::{Compare, Quantifier, Test, Values};
use super::{arn, binary, boolean, date, ip, numeric, string};
use crate::Problem;
use crate::template::Template;

const FAMILIES: [&[Comparison]; 7] = [
    string::COMPARISONS,
    arn::COMPARISONS,
    boolean::COMPARISONS,
    numeric::COMPARISONS,
    date::COMPARISONS,
    ip::COMPARISONS,
    binary::COMPARISONS,
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

/// The values of one key, or what is wrong with them.
pub(super) type Compiled = Result<Box<dyn Values>, Problem>;

/// What values an operator takes.
#[derive(Clone, Copy)]
pub(super) enum Compile {
    /// Text that may have policy variables.
    Templates(fn(Vec<Template>) -> Compiled),
    Texts(fn(&[String]) -> Compiled),
    /// Also a fraction without quotation marks, as it is the same however it is written.
    Numbers(fn(&[String]) -> Compiled),
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
                _ => Err(Problem::Unsupported {
                    what: name.to_owned(),
                    why: "IAM does not say what a set operator makes of `Null`",
                }),
            };
        }
        let (base, if_exists) = match rest.strip_suffix("IfExists") {
            Some(base) => (base, true),
            None => (rest, false),
        };
        let mut comparisons = FAMILIES.into_iter().flatten();
        let comparison = comparisons.find(|comparison| comparison.name == base);
        Ok(Self::Compare {
            quantifier,
            comparison: comparison.ok_or_else(unknown)?,
            if_exists,
        })
    }

    /// Policy variables belong to strings and ARNs only.
    pub(super) fn takes_variables(&self) -> bool {
        matches!(self, Self::Compare { comparison, .. } if matches!(comparison.compile, Compile::Templates(_)))
    }

    pub(super) fn takes_fractions(&self) -> bool {
        matches!(self, Self::Compare { comparison, .. } if matches!(comparison.compile, Compile::Numbers(_)))
    }

    /// Compiles the values of one key, both as they are written and with their variables.
    pub(super) fn compile(
        &self,
        written: &[String],
        templates: Vec<Template>,
    ) -> Result<Test, Problem> {
        match self {
            Self::Null => {
                let absent = boolean::booleans(written)?;
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
                values: match comparison.compile {
                    Compile::Templates(compile) => compile(templates)?,
                    Compile::Texts(compile) | Compile::Numbers(compile) => compile(written)?,
                },
            })),
        }
    }
}

/// All values of the policy, or which of them is not what is expected.
pub(super) fn parse_all<T>(
    values: &[String],
    expected: &'static str,
    parse: impl Fn(&str) -> Option<T>,
) -> Result<Vec<T>, Problem> {
    let invalid = |value: &String| Problem::Invalid {
        value: value.clone(),
        expected,
    };
    let checked = |value: &String| parse(value).ok_or_else(|| invalid(value));
    values.iter().map(checked).collect()
}
