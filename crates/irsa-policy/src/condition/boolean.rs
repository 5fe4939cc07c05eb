//! `Bool` (IAM User Guide, "Boolean condition operators"); also the values of `Null`.

use super::operator::{Comparison, Compile};
use super::test::Values;
use crate::Problem;

pub(super) const COMPARISONS: &[Comparison] = &[Comparison::positive("Bool", BOOL)];

const BOOL: Compile = |values| Ok(Box::new(Bool(parse_all(values)?)));

#[derive(Debug)]
struct Bool(Vec<bool>);

impl Values for Bool {
    fn any_matches(&self, was: &str) -> bool {
        parse(was).is_some_and(|was| self.0.contains(&was))
    }
}

/// The policy's values as booleans.
pub(super) fn parse_all(values: &[String]) -> Result<Vec<bool>, Problem> {
    let invalid = |value: &String| Problem::Invalid {
        value: value.clone(),
        expected: "`true` or `false`",
    };
    let checked = |value: &String| parse(value).ok_or_else(|| invalid(value));
    values.iter().map(checked).collect()
}

fn parse(value: &str) -> Option<bool> {
    match value {
        _ if value.eq_ignore_ascii_case("true") => Some(true),
        _ if value.eq_ignore_ascii_case("false") => Some(false),
        _ => None,
    }
}
