//! `Bool` (IAM User Guide, "Boolean condition operators"), and the values of `Null`.

use super::comparison::{Comparison, Compile, parse_all};
use super::test::Values;
use crate::{Context, Problem};

pub(super) const COMPARISONS: &[Comparison] = &[Comparison::positive("Bool", BOOL)];

const BOOL: Compile = Compile::Texts(|values| Ok(Box::new(Bool(booleans(values)?))));

#[derive(Debug)]
struct Bool(Vec<bool>);

impl Values for Bool {
    fn any_matches(&self, actual: &str, _: &Context) -> bool {
        parse(actual).is_some_and(|actual| self.0.contains(&actual))
    }
}

/// Parses the values of the policy as booleans.
pub(super) fn booleans(values: &[String]) -> Result<Vec<bool>, Problem> {
    parse_all(values, "`true` or `false`", parse)
}

fn parse(value: &str) -> Option<bool> {
    match value {
        _ if value.eq_ignore_ascii_case("true") => Some(true),
        _ if value.eq_ignore_ascii_case("false") => Some(false),
        _ => None,
    }
}
