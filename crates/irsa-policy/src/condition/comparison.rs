//! The entries of the tables of operators.

use super::test::Values;
use crate::Problem;
use crate::template::Template;

/// One operator of a family.
pub(super) struct Comparison {
    /// The name of the operator, without prefix and suffix.
    pub(super) name: &'static str,
    /// Whether the operator is negated (`Not`): it holds if no value of the policy matches.
    pub(super) negated: bool,
    /// Compiles all values that the policy lists for one key.
    pub(super) compile: Compile,
}

/// The compiled values of one key.
pub(super) type Compiled = Result<Box<dyn Values>, Problem>;

/// The form in which an operator takes its values.
#[derive(Clone, Copy)]
pub(super) enum Compile {
    /// Texts that may contain policy variables.
    Templates(fn(Vec<Template>) -> Compiled),
    /// Texts.
    Texts(fn(&[String]) -> Compiled),
    /// Texts, or fractions without quotation marks, whose spelling does not matter.
    Numbers(fn(&[String]) -> Compiled),
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

/// Parses all values of the policy; the error names the first that is not `expected`.
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
