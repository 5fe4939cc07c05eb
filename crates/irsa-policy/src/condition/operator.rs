//! Operator names with their prefixes and suffixes.
//!
//! Each family of operators is a file with a table of [`Comparison`]s, which [`FAMILIES`] lists.

use super::comparison::{Comparison, Compile};
use super::test::{Compare, Quantifier, Test};
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

/// An operator as written: `ForAnyValue:StringLikeIfExists`.
pub(super) enum Operator {
    Null,
    Compare {
        quantifier: Quantifier,
        comparison: &'static Comparison,
        if_exists: bool,
    },
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
                    why: "IAM does not document `Null` with a set operator",
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

    /// Returns whether values may contain policy variables: only string and ARN operators accept them.
    pub(super) fn takes_variables(&self) -> bool {
        matches!(self, Self::Compare { comparison, .. } if matches!(comparison.compile, Compile::Templates(_)))
    }

    pub(super) fn takes_fractions(&self) -> bool {
        matches!(self, Self::Compare { comparison, .. } if matches!(comparison.compile, Compile::Numbers(_)))
    }

    /// Compiles the values of one key, given both as written and as templates.
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
