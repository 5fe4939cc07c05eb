//! `Arn…` operators (IAM User Guide, "Amazon Resource Name (ARN) condition operators").
//!
//! `ArnEquals` and `ArnLike` are the same: each of the six parts is compared by itself, and each
//! may have wildcards.

use super::operator::{Comparison, Compile};
use super::test::Values;
use crate::Problem;
use crate::arn::{Arn, ArnPattern};

pub(super) const COMPARISONS: &[Comparison] = &[
    Comparison::positive("ArnEquals", LIKE),
    Comparison::positive("ArnLike", LIKE),
    Comparison::negated("ArnNotEquals", LIKE),
    Comparison::negated("ArnNotLike", LIKE),
];

const LIKE: Compile = |values| {
    let patterns = values
        .iter()
        .map(|value| parse(value))
        .collect::<Result<_, _>>()?;
    Ok(Box::new(Like(patterns)))
};

#[derive(Debug)]
struct Like(Vec<ArnPattern>);

impl Values for Like {
    fn any_matches(&self, was: &str) -> bool {
        Arn::parse(was).is_some_and(|arn| self.0.iter().any(|pattern| pattern.matches(&arn)))
    }
}

fn parse(value: &str) -> Result<ArnPattern, Problem> {
    ArnPattern::parse(value).ok_or_else(|| Problem::Invalid {
        value: value.to_owned(),
        expected: "an ARN of six parts",
    })
}
