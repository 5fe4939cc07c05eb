//! The text of a mismatch: what the policy requires, and what the request has.

use std::fmt;

use crate::Mismatch;
use crate::text::{all_of, any_of, quoted};

impl fmt::Display for Mismatch {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Principal { expected, actual } => {
                write!(
                    f,
                    "`Principal` lists {}, but the caller is {}",
                    any_of(expected),
                    quoted(actual)
                )
            }
            Self::Action {
                element,
                expected,
                actual,
            } => {
                list(f, element, expected)?;
                write!(f, ", but the request is for {}", quoted(actual))
            }
            Self::Resource {
                element,
                expected,
                actual,
            } => {
                list(f, element, expected)?;
                match actual {
                    Some(actual) => write!(f, ", but the request is for {}", quoted(actual)),
                    None => f.write_str(", but the request has no resource"),
                }
            }
            Self::Condition {
                operator,
                key,
                expected,
                actual,
            } => {
                write!(
                    f,
                    "condition {} on {} requires ",
                    quoted(operator),
                    quoted(key)
                )?;
                wanted(f, operator, expected)?;
                match actual {
                    Some(actual) => write!(f, ", but the request has {}", all_of(actual)),
                    None => f.write_str(", but the request does not have this key"),
                }
            }
        }
    }
}

fn list(f: &mut fmt::Formatter<'_>, element: &str, expected: &[String]) -> fmt::Result {
    let verb = if element.starts_with("Not") {
        "excludes"
    } else {
        "lists"
    };
    write!(f, "`{element}` {verb} {}", any_of(expected))
}

fn wanted(f: &mut fmt::Formatter<'_>, operator: &str, expected: &[String]) -> fmt::Result {
    let (quantifier, base) = operator.split_once(':').unwrap_or(("", operator));
    match (quantifier, base.contains("Not")) {
        _ if base == "Null" => f.write_str(match expected {
            [absent] if absent.eq_ignore_ascii_case("true") => "the key to be absent",
            _ => "the key to be present",
        }),
        ("ForAllValues", false) => write!(f, "only {}", any_of(expected)),
        ("ForAnyValue", true) => write!(f, "a value other than {}", any_of(expected)),
        (_, false) => write!(f, "{}", any_of(expected)),
        (_, true) => write!(f, "any value except {}", any_of(expected)),
    }
}
